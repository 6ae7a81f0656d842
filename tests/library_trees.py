"""Media libraries of 25 films and 20 albums as Kodi, Jellyfin and Plex keep them."""

import functools
import io
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import soundfile
from mutagen.flac import FLAC
from mutagen.mp4 import MP4

from tests.media_files import ffmpeg

SPIRITED, SPIRITED_ID = "千と千尋の神隠し", "qiantoqianxunnoshenyinshi_2001"
ODYSSEY, PIRATES = "2001: A Space Odyssey", "Pirates of the Bay: The Curse"
GODFATHER_ID = "the_godfather_part_ii_1974"
SERVERS = ("kodi", "jellyfin", "plex")
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE movie [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><movie><title>&i;</title></movie>"
)
EXTERNAL = (
    '<!DOCTYPE movie [<!ENTITY x SYSTEM "file:///etc/passwd">]><movie><title>&x;</title></movie>'
)


class Film(NamedTuple):
    """A film and what a scraper knows of it; `name` is that of its files."""

    title: str
    year: int
    genres: str
    film_id: str
    name: str = ""
    original_title: str = ""
    collection: str = ""
    tags: str = ""
    nfo: str = "full"
    kind: str = ""

    @property
    def base(self) -> str:
        return f"{self.name or self.title} ({self.year})"

    @property
    def imdb(self) -> str:
        return f"tt{self.year}{len(self.title):03d}"

    @property
    def plot(self) -> str:
        return f"What happens in {self.title}.\n\nAnd how it ends in {self.year} & after."


FILMS = (
    Film("Heat", 1995, "Crime;Drama", "heat_1995", tags="bank robbery;los angeles"),
    Film("Amélie", 2001, "Comedy;Romance", "amelie_2001", original_title="Le Fabuleux Destin"),
    Film("Сталкер", 1979, "Drama;Science Fiction", "stalker_1979"),
    Film(SPIRITED, 2001, "Fantasy", SPIRITED_ID, original_title="Spirited Away"),
    Film("Psycho", 1960, "Horror;Thriller", "psycho_1960", collection="Psycho Collection"),
    Film("Psycho", 1998, "Horror;Thriller", "psycho_1998", collection="Psycho Collection"),
    Film("Alien", 1979, "Horror;Science Fiction", "alien_1979", collection="Alien Collection"),
    Film("Aliens", 1986, "Action;Science Fiction", "aliens_1986", collection="Alien Collection"),
    Film("The Matrix", 1999, "Action;Science Fiction", "the_matrix_1999", name="Matrix, The"),
    Film("1917", 2019, "Drama;War", "1917_2019"),
    Film(ODYSSEY, 1968, "Science Fiction", "2001_a_space_odyssey_1968", ODYSSEY.replace(":", "")),
    Film('The #1 "Fan"', 2010, "Comedy", "the_1_fan_2010"),
    Film("100% Wolf", 2020, "Comedy;Fantasy", "100_wolf_2020"),
    Film("Tab Film", 2005, "Drama", "tab_film_2005", name="Tab\tFilm"),
    Film("The Godfather Part II", 1974, "Crime;Drama", GODFATHER_ID),
    Film("Blade Runner", 1982, "Science Fiction;Thriller", "blade_runner_1982", kind="versions"),
    Film("Lawrence of Arabia", 1962, "Adventure;War", "lawrence_of_arabia_1962", kind="parts"),
    Film("Night Train", 2016, "", "night_train_2016", nfo="absent"),
    Film("Élan", 2012, "", "elan_2012", nfo="absent"),
    Film("O'Brien & Sons {uncut} <2>", 2003, "Comedy;Drama", "o_brien_sons_uncut_2_2003"),
    Film("Das Boot", 1981, "Drama;War", "das_boot_1981", kind="german"),
    Film("Seven Samurai", 1954, "Action;Drama", "seven_samurai_1954", original_title="七人の侍"),
    Film("Drive", 2011, "Crime;Thriller", "drive_2011"),
    Film(PIRATES, 2003, "Adventure", "pirates_of_the_bay_the_curse_2003", PIRATES.replace(":", "")),
    Film("Solaris", 1972, "", "solaris_1972", nfo="bomb"),
)  # fmt: skip


class Album(NamedTuple):
    """An album; `film_id` is its film's, empty if it has none or is in doubt."""

    folder: str
    film_id: str
    title: str = ""
    artist: str = ""
    date: str = ""
    genre: str = ""
    discs: tuple[str, ...] = ("",)


ALBUMS = (
    Album("Heat", "heat_1995", "Heat (Music from the Motion Picture)", "Elliot", "1995"),
    Album("Yann Tiersen - Amélie (2001)", "amelie_2001"),
    Album("Artemyev/Stalker", "stalker_1979", "Stalker OST", "Эдуард Артемьев"),
    Album(f"久石譲 - {SPIRITED}", SPIRITED_ID, f"{SPIRITED} 音楽", date="2001"),
    Album("Herrmann/Psycho", "psycho_1960", "Psycho", "Bernard Herrmann", "1960-06-16"),
    Album("Elfman/Psycho '98", "psycho_1998", "Psycho", "Danny Elfman", "1998"),
    Album("Goldsmith/Alien", "alien_1979", "Alien [Complete Score]", discs=("CD1", "CD2")),
    Album("Horner/Aliens", "aliens_1986", "Aliens (Deluxe Edition)", "", "2001", "Soundtrack"),
    Album("The Matrix [FLAC]", "the_matrix_1999", "The Matrix: Original Motion Picture Score"),
    Album("1917 (Original Motion Picture Soundtrack)", "1917_2019"),
    Album("2001 - A Space Odyssey", "2001_a_space_odyssey_1968"),
    Album('The #1 "Fan"', "the_1_fan_2010"),
    Album("Godfather", GODFATHER_ID, "The Godfather: Part II", discs=("Disc 1 - Themes", "Disc 2")),
    Album("Vangelis - Blade Runner (Original Soundtrack)", "blade_runner_1982", date="1994"),
    Album("Jarre/Lawrence of Arabia", "lawrence_of_arabia_1962", "Lawrence of Arabia (Disc 1)"),
    Album("Das Boot", "das_boot_1981", "Das Boot - Filmmusik", "Klaus Doldinger", "1981"),
    Album("Shichinin", "seven_samurai_1954", "七人の侍", "早坂文雄", "1991", "Soundtrack"),
    Album("Electric Pop - Drive", "", "Drive", "Electric Pop", "2019"),
    Album("Pirates of the Bay", "", "Pirates of the Bay", date="2003"),
    Album("Thriller", "", "Thriller", "A Singer", "1982", "Pop"),
)  # fmt: skip
MIXED = "Compilations/Great Themes"  # a folder with tracks of several albums
IN_DOUBT = {
    "Electric Pop - Drive": "drive_2011",
    "Pirates of the Bay": "pirates_of_the_bay_the_curse_2003",
}


@functools.cache
def flac_bytes() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(800, np.float32), 8000, format="FLAC")
    return buffer.getvalue()


@functools.cache
def mp4_bytes(folder: Path) -> bytes:
    path = folder / "template.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=16x16:d=0.1", "-c:v", "mpeg4", path)
    content = path.read_bytes()
    path.unlink()
    return content


def write_albums(music: Path) -> None:
    for album in ALBUMS:
        for disc in album.discs:
            for number in range(1, 4):
                path = music / album.folder / disc / f"{number:02d}.flac"
                title = album.title + (f" ({disc[:6]})" if disc and album.title else "")
                write_track(
                    path, album=title, artist=album.artist, date=album.date, genre=album.genre
                )
    for number, film in enumerate(FILMS[:6]):
        write_track(
            music / MIXED / f"{number:02d}.flac", album=film.title + " Theme", artist="Various"
        )


def write_track(path: Path, **tags: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(flac_bytes())
    file = FLAC(path)
    file.update({key: value for key, value in tags.items() if value})
    file.save()


def write_films(server: str, movies: Path, films=FILMS) -> None:
    for film in films:
        write_film(server, movies, film)


def film_folder(server: str, movies: Path, film: Film) -> Path:
    ending = {"jellyfin": f" [imdbid-{film.imdb}]", "plex": f" {{imdb-{film.imdb}}}"}.get(
        server, ""
    )
    return movies / (film.base + ending)


def write_film(server: str, movies: Path, film: Film) -> None:
    folder = film_folder(server, movies, film)
    folder.mkdir(parents=True)
    for name in video_names(server, film):
        (folder / name).write_bytes(b"video of " + name.encode())
    if server == "plex":
        _embed(movies.parent, folder, film)
    else:
        _write_nfo(server, folder, film)
    base = film.base
    (
        folder
        / {"kodi": f"{base}-poster.jpg", "jellyfin": "folder.jpg", "plex": "poster.jpg"}[server]
    ).touch()
    (folder / "fanart.jpg").touch()
    language = {"kodi": "en", "jellyfin": "eng", "plex": "english"}[server]
    for code in ["de"] if film.kind == "german" else ["de", language, f"{language}.forced"]:
        (folder / f"{base}.{code}.srt").touch()
    (folder / "theme.mp3").touch()
    if film.nfo != "absent":
        trailer = {"jellyfin": Path("trailers") / "Official.mp4"}.get(
            server, Path(f"{base}-trailer.mp4")
        )
        (folder / trailer).parent.mkdir(exist_ok=True)
        (folder / trailer).touch()
    extras = folder / ("Behind The Scenes" if server == "plex" else "extras")
    extras.mkdir()
    (extras / "Making of.mkv").touch()
    (folder / f"{base}-featurette.mkv").touch()
    (folder / "sample.mkv").touch()


def video_names(server: str, film: Film) -> list[str]:
    """The one to take first."""
    ending = "mp4" if server == "plex" else "mkv"
    if film.kind == "parts":
        word = {"kodi": "cd", "jellyfin": "part", "plex": "pt"}[server]
        return [f"{film.base} - {word}{number}.{ending}" for number in (1, 2)]
    others = [f"{film.base} - Director's Cut.{ending}"] if film.kind == "versions" else []
    return [f"{film.base}.{ending}", *others]


def _embed(scratch: Path, folder: Path, film: Film) -> None:
    """What Plex shows besides names: the tags of the file."""
    path = folder / video_names("plex", film)[0]
    path.write_bytes(mp4_bytes(scratch))
    file = MP4(path)
    file["\xa9gen"] = film.genres.replace(";", ", ")
    file["desc"] = film.plot.replace("\n\n", " ")
    file.save()


def _write_nfo(server: str, folder: Path, film: Film) -> None:
    name = "movie.nfo" if server == "jellyfin" else f"{film.base}.nfo"
    if film.kind == "parts" and server == "kodi":
        name = f"{film.base} - cd1.nfo"
    if film.nfo == "bomb":
        (folder / name).write_text(BOMB)
    elif film.nfo == "full":
        text = kodi_nfo(film) if server == "kodi" else jellyfin_nfo(film)
        (folder / name).write_text(text, encoding="utf-8")


def kodi_nfo(film: Film) -> str:
    """As Kodi exports it, with an address behind the XML."""
    genres = film.genres.replace("Science Fiction", "Sci-Fi").replace(";", " / ")
    tags = "".join(f"<tag>{escape(tag)}</tag>" for tag in film.tags.split(";") if tag)
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<movie>
  <title>{escape(film.title)}</title>
  <originaltitle>{escape(film.original_title or film.title)}</originaltitle>
  <year>{film.year}</year>
  <outline>An outline.</outline>
  <plot>{escape(film.plot)}</plot>
  <thumb aspect="poster" preview="https://image.example/p.jpg">https://image.example/o.jpg</thumb>
  <genre>{escape(genres)}</genre>
  {tags}
  <set><name>{escape(film.collection)}</name><overview>All.</overview></set>
  <uniqueid type="tmdb">949</uniqueid>
  <uniqueid type="imdb" default="true">{film.imdb}</uniqueid>
  <actor><name>Somebody</name><thumb>https://image.example/a.jpg</thumb></actor>
</movie>
https://www.themoviedb.org/movie/949
"""


def jellyfin_nfo(film: Film) -> str:
    genres = "".join(f"<genre>{escape(genre)}</genre>" for genre in film.genres.split(";"))
    tags = "".join(f"<tag>{escape(tag)}</tag>" for tag in film.tags.split(";") if tag)
    collection = f"<set><name>{escape(film.collection)}</name></set>" if film.collection else ""
    return f"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<movie>
  <plot><![CDATA[{film.plot}]]></plot>
  <lockdata>false</lockdata>
  <title>{escape(film.title)}</title>
  <originaltitle>{escape(film.original_title)}</originaltitle>
  <imdbid>{film.imdb}</imdbid>
  <premiered>{film.year}-03-01</premiered>
  {genres}{tags}{collection}
  <art><poster>/config/metadata/poster.jpg</poster></art>
</movie>
"""
