"""Image and text embeddings against the published networks, and reading of their inputs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image_files import SIDE, centre_square, read_image
from scorelens.encoders.registry import ENCODERS, IMAGE_ENCODERS
from scorelens.encoders.text_encoder import Text, film_texts, tokens_of
from scorelens.errors import MediaError

GOLDEN = np.load(Path(__file__).parent / "golden" / "retrieval.npz")
FORMATS = "PNG, JPEG, WEBP, GIF, BMP, TIFF, AVIF, 8 or 16 bits"


@pytest.fixture(scope="module")
def network(fetched):
    return image_encoder.load("efficientnet_lite0", fetched("efficientnet_lite0"))


@pytest.fixture(scope="module")
def encoder(fetched):
    return text_encoder.load("minilm", fetched("minilm"))


def golden_image():
    """The image of the golden file: gradients, a chequerboard and an orange rectangle."""
    row, column = np.mgrid[:224, :224]
    picture = np.stack([row, column, (row // 32 + column // 32) % 2 * 200], -1).astype(np.uint8)
    picture[60:150, 80:180] = (230, 120, 40)
    return picture


def colour_bands(height, width):
    """An image of red, green and blue thirds along its longer side."""
    band = np.arange(max(height, width)) * 3 // max(height, width)
    colours = (np.eye(3, dtype=np.uint8) * 255)[band]
    tall = np.repeat(colours[:, None], min(height, width), 1)
    return tall if height > width else tall.transpose(1, 0, 2)


def test_image_embedding_equals_the_published_network(network):
    vectors = network.encode(golden_image()[None])
    assert vectors.shape == (1, 1280)
    assert vectors.dtype == np.float32
    assert vectors[0] == pytest.approx(GOLDEN["picture_vector"], abs=1e-4)


def test_image_embeddings_of_several_batches_are_in_input_order(network):
    pictures = np.stack(
        [np.roll(golden_image(), 20 * k, 1) for k in range(image_encoder.BATCH_SIZE + 2)]
    )
    vectors = network.encode(pictures)
    alone = network.encode(pictures[[9]])[0]
    assert vectors[9] == pytest.approx(alone, abs=1e-4)
    assert np.abs(vectors[8] - alone).max() > 0.1
    assert network.encode(pictures[:0]).shape == (0, 1280)


def test_image_file_has_the_embedding_of_its_pixel_array(tmp_path, network):
    Image.fromarray(golden_image()).save(tmp_path / "x.png")
    read = read_image(tmp_path / "x.png")
    from_file, from_array = (network.encode(p[None])[0] for p in (read, golden_image()))
    assert np.array_equal(from_file, from_array)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("efficientnet_lite0", [-127 / 128, 0, 1]),
        ("vit", [-1, -1 / 255, 1]),
        ("vgg16", [-123.68, 127 - 116.779, 255 - 103.939]),
    ],
)
def test_images_are_preprocessed_as_published(name, expected):
    picture = np.zeros((1, 224, 224, 3), np.uint8)
    picture[0, 5, 7] = (0, 127, 255)
    pixel = image_encoder.preprocess(name, picture)[0, :, 5, 7].tolist()
    assert pixel == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [(900, 300), (300, 900), (60, 20)], ids=str)
def test_image_is_cropped_to_its_centre_square(tmp_path, size):
    frame = colour_bands(*size)
    Image.fromarray(frame).save(tmp_path / "x.png")
    image = read_image(tmp_path / "x.png")
    assert image.shape == (224, 224, 3)
    assert (image == (0, 255, 0)).mean() > 0.95
    assert np.array_equal(centre_square(frame), image)


def test_image_of_the_input_size_is_unchanged(tmp_path):
    Image.fromarray(golden_image()).save(tmp_path / "x.png")
    assert np.array_equal(read_image(tmp_path / "x.png"), golden_image())


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be rotated by 90 degrees clockwise
    Image.fromarray(np.rot90(golden_image())).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "x.png"), golden_image())


GREY = np.arange(224 * 224, dtype=np.uint32).reshape(224, 224) % 256


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.fromarray(GREY.astype(np.uint8)), GREY),
        (Image.fromarray((GREY * 257).astype(np.uint16)), GREY),
        (Image.fromarray(GREY.astype(np.uint8)).quantize(16, dither=Image.Dither.NONE), None),
        (Image.fromarray(GREY > 99), np.where(GREY > 99, 255, 0)),
        (Image.merge("LA", [Image.new("L", (224, 224), 80), Image.new("L", (224, 224), 0)]), 255),
        (Image.new("RGBA", (224, 224), (0, 0, 0, 0)), 255),
        (Image.new("RGBA", (224, 224), (40, 40, 40, 255)), 40),
        (Image.new("RGBA", (224, 224), (0, 0, 0, 51)), 204),
    ],
    ids=["grey", "grey 16", "palette", "black and white", "grey alpha", "clear", "solid", "fifth"],
)
def test_every_pixel_mode_is_converted_to_rgb(tmp_path, picture, expected):
    picture.save(tmp_path / "x.png")
    image = read_image(tmp_path / "x.png")
    assert image.shape == (224, 224, 3)
    if expected is None:
        expected = np.asarray(picture.convert("L"))
    assert np.array_equal(image, np.broadcast_to(expected, (3, 224, 224)).transpose(1, 2, 0))


def test_cmyk_is_converted_to_rgb(tmp_path):
    Image.new("CMYK", (50, 50), (0, 0, 0, 255)).save(tmp_path / "x.jpg")
    assert read_image(tmp_path / "x.jpg").max() < 5


def error_message(path):
    with pytest.raises(MediaError) as error:
        read_image(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("no.png", "does not exist", "check the path"),
        ("", "is a folder", "check the path"),
        ("empty.png", "is empty (0 bytes)", "copy the file again"),
    ],
)
def test_missing_or_empty_image_file_is_reported(tmp_path, name, problem, hint):
    (tmp_path / "empty.png").touch()
    path = tmp_path / name
    assert (
        error_message(path) == f"{path}: {problem}\n  expected: an image: {FORMATS}\n  hint: {hint}"
    )


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "gif", "bmp", "tif"])
def test_truncated_image_is_reported(tmp_path, extension):
    path = tmp_path / f"x.{extension}"
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    lines = error_message(path).splitlines()
    assert lines[0].startswith(f"{path}: cannot be read as an image (")
    assert lines[2].endswith("of another kind than its ending says; open it to check")


def test_file_that_is_not_an_image_is_reported(tmp_path):
    (tmp_path / "x.png").write_text("<html>please log in</html>")
    first_line = error_message(tmp_path / "x.png").splitlines()[0]
    assert first_line == f"{tmp_path / 'x.png'}: cannot be read as an image (of an unknown kind)"


def test_image_of_32_bit_samples_is_reported(tmp_path):
    Image.fromarray(np.ones((30, 30), np.float32)).save(tmp_path / "x.tif")
    assert error_message(tmp_path / "x.tif") == (
        f"{tmp_path / 'x.tif'}: has samples of 32 bits, whose range is not known\n"
        f"  expected: an image: {FORMATS}\n"
        "  hint: save it as a PNG of 8 or 16 bits"
    )


def test_image_above_the_pixel_limit_is_reported(tmp_path, monkeypatch):
    Image.new("L", (300, 300)).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert "cannot be read as an image (Image size (90000 pixels) exceeds" in error_message(
        tmp_path / "x.png"
    )


def test_text_embeddings_equal_the_published_network(encoder):
    rows = [encoder.tokenizer.encode(str(text)).ids for text in GOLDEN["texts"]]
    rows[-1] = rows[-1][: ENCODERS["minilm"].input_size - 1] + rows[-1][-1:]
    vectors = encoder.encode_tokens(rows)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(GOLDEN["text_vectors"], abs=1e-5)


def test_marker_tokens_of_segments_never_result_from_text(encoder):
    tokenizer = encoder.tokenizer
    assert tokens_of(tokenizer, Text("cats", "dogs")) == [101, 1, 8870, 2, 6077, 102]
    assert tokens_of(tokenizer, Text(plot="dogs")) == [101, 2, 6077, 102]
    assert tokens_of(tokenizer, Text(tags="CATS")) == [101, 1, 8870, 102]
    special = tokens_of(tokenizer, Text(plot="[SEP] [unused0] [CLS]"))
    assert set(special[2:-1]).isdisjoint({1, 2, 101, 102})


def test_marker_tokens_change_text_embeddings_little(encoder):
    """Cosine similarity to unmarked texts; the frozen network was not trained on the markers."""
    plots = ["A lonely cowboy rides home", "Violins play a slow waltz", "Ships burn in the harbour"]
    unmarked = encoder.encode_tokens([encoder.tokenizer.encode(s).ids for s in plots])
    marked = encoder.encode([Text(plot=text) for text in plots])
    similarity = marked @ unmarked.T
    assert similarity.argmax(1).tolist() == [0, 1, 2]
    assert similarity.diagonal().min() > 0.85


def test_text_embeddings_of_mixed_lengths_are_in_input_order(encoder):
    texts = [Text(plot="rain " * (37 * k % 50 + 1)) for k in range(text_encoder.BATCH_SIZE + 3)]
    texts.insert(4, Text(plot="\u200b\x00"))
    vectors = encoder.encode(texts)
    assert np.isnan(vectors[4]).all()
    assert np.linalg.norm(np.delete(vectors, 4, 0), axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[11] == pytest.approx(encoder.encode([texts[11]])[0], abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_text_above_the_token_limit_is_truncated_and_logged(encoder, caplog):
    caplog.set_level("INFO", "scorelens.encoders.text_encoder")
    at_limit, above_limit = (Text("love", "rain " * words) for words in (251, 900))
    assert len(tokens_of(encoder.tokenizer, at_limit)) == ENCODERS["minilm"].input_size
    embedding = encoder.encode([at_limit])
    assert not caplog.messages
    assert encoder.encode([above_limit, at_limit]) == pytest.approx(
        np.tile(embedding, (2, 1)), abs=1e-5
    )
    assert caplog.messages == [
        "1 of 2 texts have more than 256 tokens, up to 905; the rest is ignored"
    ]


def test_film_texts_have_tag_plot_and_combined_segments():
    segments = film_texts(["war", " ", " love "], ["A man goes home.", "", "* * *", "She waits."])
    assert segments == {
        "tags": [Text("war, love")],
        "plot": [Text(plot="A man goes home."), Text(plot="She waits.")],
        "tags_plot": [Text("war, love", "A man goes home."), Text("war, love", "She waits.")],
    }
    assert film_texts([], ["It rains."])["tags_plot"] == film_texts([], ["It rains."])["tags"] == []
    assert film_texts(["war"], []) == {"tags": [Text("war")], "plot": [], "tags_plot": []}


def test_input_size_of_every_image_encoder_equals_the_read_size():
    assert {ENCODERS[name].input_size for name in IMAGE_ENCODERS} == {SIDE}
