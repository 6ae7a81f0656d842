"""Words of the retrieval demo: tags, and sentences of which plots are composed.

Names of people and places are shared by all genres. Only the events differ between genres.
"""

PEOPLE = (
    "Ada", "Bruno", "Clara", "Dario", "Edith", "Felix", "Greta", "Henrik", "Ines", "Jonas",
    "Karin", "Leo", "Marta", "Nils", "Olga", "Pavel",
)  # fmt: skip

TAGS = {
    "Action": (
        "car chase", "shootout", "explosion", "hijacking", "bodyguard", "martial arts", "heist",
        "special forces",
    ),
    "Comedy": (
        "slapstick", "practical joke", "mistaken identity", "farce", "prank", "silly disguise",
        "stand-up comedian", "funny neighbours",
    ),
    "Drama": (
        "family grief", "courtroom", "alcoholism", "poverty", "divorce", "illness", "strike",
        "father and son",
    ),
    "Horror": (
        "haunted house", "vampire", "demon", "slasher", "curse", "exorcism", "zombie",
        "graveyard at night",
    ),
    "Romance": (
        "falling in love", "wedding", "first kiss", "love letter", "lovers", "honeymoon",
        "summer romance", "marriage proposal",
    ),
    "Science Fiction": (
        "spaceship", "alien", "time travel", "android", "artificial intelligence", "space colony",
        "parallel universe", "cloning",
    ),
}  # fmt: skip

SENTENCES = {
    "Action": (
        "{one} races a stolen truck through {place} while gunmen open fire from two helicopters.",
        "A bomb is set to explode in the station of {place}, and {one} has an hour to defuse it.",
        "{one} and {other} fight their way out of a fortress with rifles and bare fists.",
        "Mercenaries hijack the night train, and only {one} can stop them.",
        "After the ambush at the bridge, {one} hunts the arms dealer who gave the order.",
        "{one} leaps from roof to roof with the armed gang of {other} in pursuit.",
        "The convoy blows up, the chase begins, and {one} takes the wheel.",
        "A former commando, {one} storms the bunker to free {other} from the terrorists.",
    ),
    "Comedy": (
        "{one} mistakes {other} for the mayor of {place}, and one silly muddle leads to the next.",
        "Dressed as a waiter, {one} drops the wedding cake on the whole town council.",
        "{one} and {other}, the two worst plumbers of {place}, flood a grand hotel.",
        "A prank with a goat gets out of hand and makes {one} the laughing stock of {place}.",
        "{one} pretends to be a famous chef although every dish catches fire.",
        "The funniest family holiday goes wrong from the moment {one} packs the wrong dog.",
        "Nobody in {place} can keep a straight face when {one} takes up opera.",
        "{one} bets {other} a year of free doughnuts on a ridiculous race of bathtubs.",
    ),
    "Drama": (
        "After the death of their mother, {one} and {other} must decide who keeps the farm.",
        "{one} loses the job at the mill and hides it from the family in {place}.",
        "A court will say whether {one} may see the children again.",
        "{one} nurses a dying father and learns what he never dared to tell.",
        "The strike divides {place}, and {one} no longer speaks with {other}.",
        "{one} comes home from prison and tries to earn the forgiveness of {other}.",
        "Years of drink have cost {one} the trust of everybody who cared.",
        "A teacher in {place}, {one} fights to keep a poor pupil in school.",
    ),
    "Horror": (
        "Something scratches at the cellar door of the old house in {place} every night.",
        "{one} finds {other} in the crypt, drained of blood and smiling.",
        "The dead of {place} rise from their graves and come for the living.",
        "A demon speaks through the mouth of {one}, and the priest who came is found hanged.",
        "{one} wakes in the dark and hears a thing breathe beneath the bed.",
        "One by one the guests are butchered by a figure in a mask of skin.",
        "The cursed doll is back on the shelf, and its hands are wet with blood.",
        "Whoever looks into the mirror of {place} sees the ghost that will kill them.",
    ),
    "Romance": (
        "{one} meets {other} by the sea at {place}, and they fall in love in one summer.",
        "{one} writes {other} a love letter every day and never dares to send it.",
        "On the eve of the wedding {one} knows that {other} is the one true love.",
        "They dance until dawn, and {one} kisses {other} for the first time.",
        "{one} gives up a career in {place} to be with the sweetheart of younger days.",
        "Two lovers are parted at the station and vow to meet there again in a year.",
        "{one} falls for {other} although each is promised to somebody else.",
        "Under the lanterns of {place} {one} asks {other} to marry.",
    ),
    "Science Fiction": (
        "The crew of the starship wakes from cryosleep, and {one} finds the planet gone.",
        "{one} builds a machine that travels through time and meets an older self.",
        "An alien signal from the edge of the galaxy reaches the observatory of {place}.",
        "The android that {one} designed begins to dream and asks for its freedom.",
        "In the colony on Mars the air runs out, and {one} must repair the reactor.",
        "{one} discovers that {other} is a clone, grown in a laboratory in orbit.",
        "An artificial intelligence takes over the space station and locks {one} out.",
        "A rift to a parallel universe opens above {place}, and ships come through it.",
    ),
}
