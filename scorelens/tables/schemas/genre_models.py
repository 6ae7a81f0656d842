"""Schemas of the genre models: predictions, scores, importance, and comparison with the picture."""

from scorelens.tables.columns import (
    CUE_ID,
    FILM_ID,
    Column,
    Table,
    differences,
    identifier,
    seconds,
    share,
    texts,
)

FOLD_SPREAD = (
    share(
        "fold_low",
        "5% of the models lie below: a jackknife spread, which shows how much single films of the "
        "corpus matter; no confidence interval, which would be far wider",
    ),
    share("fold_high", "5% of the models lie above"),
)

PREDICTIONS = Table(
    "predictions",
    "Predictions of genre models for held-out films.",
    (
        FILM_ID,
        Column("genre", "string", "a genre of the config's list"),
        share("probability", "predicted probability of the genre"),
        Column("predicted", "bool", "whether the genre is predicted"),
        Column("actual", "bool", "whether the film has the genre"),
        Column(
            "fold",
            "int64",
            "number of the fold; with one film a fold, the index of the film",
            low=0,
        ),
        Column(
            "repeat",
            "int64",
            "number of the training run; networks are trained several times",
            low=0,
        ),
    ),
)

GENRE_CUES = Table(
    "genre cues",
    "Predictions of genre models for each cue of held-out films (first training run).",
    (
        FILM_ID,
        CUE_ID,
        Column("genre", "string", "a genre of the config's list"),
        share("probability", "predicted probability if the cue is the only instance of the film"),
        share(
            "weight", "weight of the cue in the prediction for the film; they sum to 1 over a film"
        ),
    ),
)

GENRE_CONTRADICTIONS = Table(
    "genre contradictions",
    "Cues of held-out films by how far their music contradicts the genres of the film: the "
    "predictions of the primary model for each cue alone (first training run), which was trained "
    "without the film. A ranking of scenes to watch, no tests.",
    (
        Column("rank", "int64", "1 for the largest margin", low=1),
        Column("feature_set", "string", "the features of the model"),
        Column("model", "string", "the model"),
        FILM_ID,
        Column("title", "string", "title of the film"),
        texts("genres", "the genres of the film"),
        identifier("cue_id", "the cue; of a track that never plays, the track"),
        Column("track_id", "string", "the track of the cue; empty for published features"),
        Column("track", "string", "title of the track; empty for published features"),
        Column(
            "start_s", "float64", "start in the film; null if unknown", "s", 0, None, nullable=True
        ),
        Column("end_s", "float64", "end in the film; null if unknown", "s", 0, None, nullable=True),
        Column("start", "string", "start in the film, h:mm:ss"),
        Column("end", "string", "end in the film, h:mm:ss"),
        Column("genre", "string", "the most probable genre that the film does not have"),
        share("probability", "its predicted probability; not calibrated"),
        Column("film_genre", "string", "the most probable genre of the film"),
        share("film_probability", "its predicted probability"),
        Column("margin", "float64", "probability minus film_probability", "", -1, 1),
        Column(
            "contradicts",
            "bool",
            "whether `genre` is predicted, and more probable than each genre of the film",
        ),
        share(
            "contradicts_others",
            "share of the films whose genres the cue would contradict: what a film at random gets",
        ),
    ),
)

GENRE_CURVES = Table(
    "genre curves",
    "Learning curves of networks: weighted binary cross-entropy, mean over films and genres. "
    "Empty for other models.",
    (
        Column("film_id", "string", "the held-out film; of a group the first"),
        Column(
            "fold",
            "int64",
            "number of the fold; with one film a fold, the index of the film",
            low=0,
        ),
        Column("repeat", "int64", "number of the training run", low=0),
        Column("epoch", "int64", "number of passes over the training films", low=1),
        Column("training_loss", "float64", "mean over the epoch's batches, with dropout", low=0),
        Column("held_out_loss", "float64", "loss of the held-out films, without dropout", low=0),
    ),
)

GENRE_APPLIED = Table(
    "genre applied",
    "Predictions of saved models for new films and albums, by window; silent windows are left out.",
    (
        identifier("media", "name of the film or album in `genres.apply.media`"),
        Column("track_id", "string", "the track of an album; empty for a film"),
        seconds("start_s", "start of the window in the film or track"),
        seconds("end_s", "end of the window"),
        Column("genre", "string", "a genre of the config's list"),
        share("probability", "mean over the models, one for each film left out; not calibrated"),
        *FOLD_SPREAD,
    ),
)

GENRE_MEDIA_PREDICTIONS = Table(
    "genre media predictions",
    "Predictions of saved models for new films and albums as a whole, and for each track.",
    (
        identifier("media", "name of the film or album in `genres.apply.media`"),
        Column("track_id", "string", "the track of an album; empty for the whole film or album"),
        Column("genre", "string", "a genre of the config's list"),
        share("probability", "mean over the models, one for each film left out; not calibrated"),
        *FOLD_SPREAD,
        Column("predicted", "bool", "whether the mean probability is above one half"),
    ),
)

GENRE_SCORES = Table(
    "genre scores",
    "Precision, recall, F1 and average precision of every model, mean over its training runs, with "
    "bootstrap 95% intervals over films.",
    (
        Column("feature_set", "string", "the features; `none` for the baselines"),
        Column("model", "string", "the model"),
        Column(
            "is_primary",
            "bool",
            "whether it is the model of the headline (`genres.primary`, `genres.primary_features`)",
        ),
        Column("level", "string", "the instances: `cue` or `frame`; `film` for baselines"),
        Column("genre", "string", "a genre, or `macro` for their unweighted mean"),
        *(
            share(f"{measure}{bound}", f"{measure.replace('_', ' ')}{words}")
            for measure in ("precision", "recall", "f1", "average_precision")
            for bound, words in (("", ""), ("_low", ", 2.5% bound"), ("_high", ", 97.5% bound"))
        ),
        share("f1_spread", "standard deviation of F1 over training runs; null for one run", True),
        share(
            "permuted",
            "mean F1 when films, or groups of equally many, swap their labels at random; null for "
            "the random baseline",
            True,
        ),
        share(
            "p_permuted",
            "how often F1 is then at least as good: (1 + k) / (1 + draws); null for the random "
            "baseline",
            True,
        ),
        share(
            "p_best",
            "p_permuted adjusted for the choice of the best model, by the largest F1 of any model "
            "in the same draws; of `macro`, without baselines",
            True,
        ),
        share(
            "average_precision_chance",
            "average precision that a random order of the films has in the mean, exactly",
        ),
        share("average_precision_p", "like p_permuted, of average precision", True),
        share("average_precision_p_best", "like p_best, of average precision", True),
        Column(
            "exchangeable",
            "int64",
            "films that can swap their labels: those of groups with as many films as another group",
            low=0,
        ),
    ),
)

GENRE_PUBLISHED = Table(
    "genre published",
    "Published scores of models on the study's features beside those of a run on the same files "
    "(means over the genres).",
    (
        Column(
            "source",
            "string",
            "`study`, Table 4 of Ma et al. 2021, or `re-run`, an independent one on their files",
        ),
        Column("feature_set", "string", "the features; `none` for the baselines"),
        Column("model", "string", "the model"),
        Column("measure", "string", "`precision`, `recall` or `f1`"),
        share("published", "the published score"),
        share("value", "the score of the run"),
        share("low", "2.5% bound, bootstrap over films"),
        share("high", "97.5% bound"),
        Column("difference", "float64", "value minus published", "", -1, 1),
        Column("inside", "bool", "whether the published score lies between the bounds"),
    ),
)

GENRE_COMPARISONS = Table(
    "genre comparisons",
    "Paired comparisons of all genre models, baselines among them, on the same films held out of "
    "training: the difference of their scores, mean over training runs.",
    (
        Column("measure", "string", "`f1` or `average_precision`, mean over the genres"),
        Column("feature_set", "string", "the features of the first; `none` for a baseline"),
        Column("model", "string", "the first model"),
        Column("other_feature_set", "string", "the features of the second"),
        Column("other_model", "string", "the second model"),
        Column("films", "int64", "films with predictions by both", low=1),
        Column("difference", "float64", "score of the first minus that of the second", "", -1, 1),
        Column("low", "float64", "2.5% bound, bootstrap over films", "", -1, 1),
        Column("high", "float64", "97.5% bound", "", -1, 1),
        share("p", "two-sided p-value, approximate randomisation over films"),
        share("p_holm", "p-value corrected over all pairs of the measure (Holm)"),
    ),
)

AUDIOVISUAL_COMPARISON = Table(
    "audiovisual_comparison",
    "How the picture of the films of a genre differs from that of other films, and that of their "
    "clips with music from other clips: by their labels, and by the predictions of a model of the "
    "music. Intervals and p-values are over films in both.",
    (
        Column("feature_set", "string", "the features of the model"),
        Column("model", "string", "the model that predicts"),
        Column(
            "unit",
            "string",
            "what counts once: `film`, or `clip`, the part of a film in which a cue plays (as in "
            "the study; a clip has the labels of its film and the predictions of its cue alone)",
        ),
        Column("genre", "string", "a genre of the config's list"),
        Column(
            "measure",
            "string",
            "`brightness`, `contrast`, `saturation` or `motion_energy`, the median over the "
            "seconds of a film or clip, or `cut_rate`, its cuts a minute",
        ),
        Column(
            "labelling",
            "string",
            "which units count as the genre's: `actual` (labelled) or `predicted` (by the model "
            "that held the film out), each against all others, or `false_positive` (predicted, "
            "not labelled), for films against those neither predicted nor labelled, for clips "
            "against all others",
        ),
        *differences(
            "median of the genre's units minus median of the others, in standard deviations of the "
            "units",
            "films that they are compared with; of clips, films with such clips",
        ),
        Column(
            "raw_difference",
            "float64",
            "the same difference in the unit of the measure; Table 5 of the study gives ten times "
            "that",
            nullable=True,
        ),
        Column("clips_with", "int64", "clips of the genre; null for films", "", 0, None, True),
        Column("clips_without", "int64", "all other clips; null for films", "", 0, None, True),
        share(
            "p_published",
            "p of the study's test, Mann-Whitney U over clips with Bonferroni's correction over "
            "the tests of the labelling: it takes the clips of a film for independent, and is too "
            "small; null for films",
            True,
        ),
    ),
)

IMPORTANCE = Table(
    "importance",
    "Permutation importance of each group of features: the F1 lost when it is shuffled.",
    (
        Column("feature_set", "string", "the features of the model"),
        Column("model", "string", "the model"),
        Column("genre", "string", "a genre, or `overall` for their unweighted mean"),
        Column("group", "string", "the group of features, first part of the columns' names"),
        share("f1", "F1 of the held-out films without shuffling"),
        Column("score", "float64", "F1 lost, mean over the shuffles", "", -1, 1),
        Column(
            "low", "float64", "2.5% bound of the score, bootstrap over films or groups", "", -1, 1
        ),
        Column("high", "float64", "97.5% bound", "", -1, 1),
        Column("repeat_low", "float64", "2.5% bound of the single shuffles' loss", "", -1, 1),
        Column("repeat_high", "float64", "97.5% bound", "", -1, 1),
    ),
)
