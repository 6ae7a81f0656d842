"""Vectors of pictures and texts, against the published networks, and what goes into them."""

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


def drawn():
    """The picture of the golden file: slopes, a chequerboard, and an orange box."""
    row, column = np.mgrid[:224, :224]
    picture = np.stack([row, column, (row // 32 + column // 32) % 2 * 200], -1).astype(np.uint8)
    picture[60:150, 80:180] = (230, 120, 40)
    return picture


def bands(height, width):
    """Thirds in red, green and blue, along the longer side."""
    band = np.arange(max(height, width)) * 3 // max(height, width)
    colours = (np.eye(3, dtype=np.uint8) * 255)[band]
    tall = np.repeat(colours[:, None], min(height, width), 1)
    return tall if height > width else tall.transpose(1, 0, 2)


def test_the_vector_of_a_picture_is_the_published_networks(network):
    vectors = network.encode(drawn()[None])
    assert vectors.shape == (1, 1280)
    assert vectors.dtype == np.float32
    assert vectors[0] == pytest.approx(GOLDEN["picture_vector"], abs=1e-4)


def test_pictures_of_many_batches_keep_their_places(network):
    pictures = np.stack([np.roll(drawn(), 20 * k, 1) for k in range(image_encoder.BATCH_SIZE + 2)])
    vectors = network.encode(pictures)
    alone = network.encode(pictures[[9]])[0]
    assert vectors[9] == pytest.approx(alone, abs=1e-4)
    assert np.abs(vectors[8] - alone).max() > 0.1
    assert network.encode(pictures[:0]).shape == (0, 1280)


def test_an_image_of_a_file_is_embedded_like_its_pixels(tmp_path, network):
    Image.fromarray(drawn()).save(tmp_path / "x.png")
    read = read_image(tmp_path / "x.png")
    from_file, from_array = (network.encode(p[None])[0] for p in (read, drawn()))
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
def test_the_middle_square_is_used(tmp_path, size):
    frame = bands(*size)
    Image.fromarray(frame).save(tmp_path / "x.png")
    image = read_image(tmp_path / "x.png")
    assert image.shape == (224, 224, 3)
    assert (image == (0, 255, 0)).mean() > 0.95
    assert np.array_equal(centre_square(frame), image)


def test_a_picture_of_the_right_size_is_left_alone(tmp_path):
    Image.fromarray(drawn()).save(tmp_path / "x.png")
    assert np.array_equal(read_image(tmp_path / "x.png"), drawn())


def test_a_camera_that_was_turned_is_heeded(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the sensor's right is up: to be turned by a quarter, clockwise
    Image.fromarray(np.rot90(drawn())).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "x.png"), drawn())


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
def test_every_kind_of_pixel_becomes_rgb(tmp_path, picture, expected):
    picture.save(tmp_path / "x.png")
    image = read_image(tmp_path / "x.png")
    assert image.shape == (224, 224, 3)
    if expected is None:
        expected = np.asarray(picture.convert("L"))
    assert np.array_equal(image, np.broadcast_to(expected, (3, 224, 224)).transpose(1, 2, 0))


def test_inks_become_rgb(tmp_path):
    Image.new("CMYK", (50, 50), (0, 0, 0, 255)).save(tmp_path / "x.jpg")
    assert read_image(tmp_path / "x.jpg").max() < 5


def refusal(path):
    with pytest.raises(MediaError) as error:
        read_image(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("no.png", "does not exist", "check the path"),
        ("", "is a folder", "check the path"),
        ("empty.png", "is empty (0 bytes)", "copy the file again"),
    ],
)
def test_a_picture_that_is_not_there_is_reported(tmp_path, name, what, hint):
    (tmp_path / "empty.png").touch()
    path = tmp_path / name
    assert refusal(path) == f"{path}: {what}\n  expected: an image: {FORMATS}\n  hint: {hint}"


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "bmp", "tif"])
def test_half_a_picture_is_reported(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    lines = refusal(path).splitlines()
    assert lines[0].startswith(f"{path}: cannot be read as an image (")
    assert lines[2].endswith("of another kind than its ending says; open it to check")


def test_what_is_no_picture_is_reported(tmp_path):
    (tmp_path / "x.png").write_text("<html>please log in</html>")
    first_line = refusal(tmp_path / "x.png").splitlines()[0]
    assert first_line == f"{tmp_path / 'x.png'}: cannot be read as an image (of an unknown kind)"


def test_samples_of_32_bits_are_reported(tmp_path):
    Image.fromarray(np.ones((30, 30), np.float32)).save(tmp_path / "x.tif")
    assert refusal(tmp_path / "x.tif") == (
        f"{tmp_path / 'x.tif'}: has samples of 32 bits, whose range is not known\n"
        f"  expected: an image: {FORMATS}\n"
        "  hint: save it as a PNG of 8 or 16 bits"
    )


def test_a_picture_that_would_fill_the_memory_is_reported(tmp_path, monkeypatch):
    Image.new("L", (300, 300)).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert "cannot be read as an image (Image size (90000 pixels) exceeds" in refusal(
        tmp_path / "x.png"
    )


def test_the_vectors_of_texts_are_the_published_networks(encoder):
    rows = [encoder.tokenizer.encode(str(text)).ids for text in GOLDEN["texts"]]
    rows[-1] = rows[-1][: ENCODERS["minilm"].input_size - 1] + rows[-1][-1:]
    vectors = encoder.encode_tokens(rows)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(GOLDEN["text_vectors"], abs=1e-5)


def test_parts_are_marked_by_tokens_that_no_text_holds(encoder):
    read = encoder.tokenizer
    assert tokens_of(read, Text("cats", "dogs")) == [101, 1, 8870, 2, 6077, 102]
    assert tokens_of(read, Text(plot="dogs")) == [101, 2, 6077, 102]
    assert tokens_of(read, Text(tags="CATS")) == [101, 1, 8870, 102]
    wily = tokens_of(read, Text(plot="[SEP] [unused0] [CLS]"))
    assert set(wily[2:-1]).isdisjoint({1, 2, 101, 102})


def test_marks_leave_the_meaning(encoder):
    """Of a frozen network, whose marks no training has given a meaning."""
    plots = ["A lonely cowboy rides home", "Violins play a slow waltz", "Ships burn in the harbour"]
    plain = encoder.encode_tokens([encoder.tokenizer.encode(s).ids for s in plots])
    marked = encoder.encode([Text(plot=text) for text in plots])
    likeness = marked @ plain.T
    assert likeness.argmax(1).tolist() == [0, 1, 2]
    assert likeness.diagonal().min() > 0.85


def test_texts_of_any_length_keep_their_places(encoder):
    texts = [Text(plot="rain " * (37 * k % 50 + 1)) for k in range(text_encoder.BATCH_SIZE + 3)]
    texts.insert(4, Text(plot="\u200b\x00"))
    vectors = encoder.encode(texts)
    assert np.isnan(vectors[4]).all()
    assert np.linalg.norm(np.delete(vectors, 4, 0), axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[11] == pytest.approx(encoder.encode([texts[11]])[0], abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_a_long_text_is_read_up_to_the_limit_and_that_is_logged(encoder, caplog):
    caplog.set_level("INFO", "scorelens.encoders.text_encoder")
    long, longer = (Text("love", "rain " * words) for words in (251, 900))
    assert len(tokens_of(encoder.tokenizer, long)) == ENCODERS["minilm"].input_size
    same = encoder.encode([long])
    assert not caplog.messages
    assert encoder.encode([longer, long]) == pytest.approx(np.tile(same, (2, 1)), abs=1e-5)
    assert caplog.messages == [
        "1 of 2 texts have more than 256 tokens, up to 905; the rest is ignored"
    ]


def test_segments_of_a_film():
    segments = film_texts(["war", " ", " love "], ["A man goes home.", "", "* * *", "She waits."])
    assert segments == {
        "tags": [Text("war, love")],
        "plot": [Text(plot="A man goes home."), Text(plot="She waits.")],
        "tags_plot": [Text("war, love", "A man goes home."), Text("war, love", "She waits.")],
    }
    assert film_texts([], ["It rains."])["tags_plot"] == film_texts([], ["It rains."])["tags"] == []
    assert film_texts(["war"], []) == {"tags": [Text("war")], "plot": [], "tags_plot": []}


def test_all_image_networks_take_the_square_that_is_read():
    assert {ENCODERS[name].input_size for name in IMAGE_ENCODERS} == {SIDE}
