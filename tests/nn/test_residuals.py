"""Front ends on pictures, each against a second implementation."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pywt
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import correlate, gaussian_filter

from official import noise
from unmask.errors import SettingError
from unmask.nn.bayar import BayarConv2d
from unmask.nn.block_dct import BlockDCT, zigzag
from unmask.nn.ela import ErrorLevels, Saved, quantisers
from unmask.nn.haar import haar, unhaar
from unmask.nn.neighbouring_pixels import relationships
from unmask.nn.srm import SRM, kernels

Array = NDArray[np.float64]


def correlated(planes: Array, filters: Array) -> Array:
    """Sum over the planes (C × H × W), each under its filter (C × 5 × 5), by scipy."""
    parts = [correlate(p, f, mode="constant") for p, f in zip(planes, filters, strict=True)]
    return np.asarray(sum(parts))


def photo(height: int, width: int) -> NDArray[np.uint8]:
    """Smooth shapes with some grain."""
    rng = np.random.default_rng(3)
    smooth = gaussian_filter(rng.normal(0, 400, (height, width, 3)), (6, 6, 0))
    return (128 + smooth + rng.normal(0, 3, smooth.shape)).clip(0, 255).astype(np.uint8)


def grain(height: int, width: int) -> NDArray[np.uint8]:
    """Values without any order: every rounding and every limit is met."""
    return np.random.default_rng(4).integers(0, 256, (height, width, 3), np.uint8)


def planes(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]


def test_srm_sums_three_residuals_over_the_colours() -> None:
    picture = noise((2, 3, 20, 17), 1, 0, 1)
    ours = SRM()(picture).numpy()
    filters = kernels().double().numpy()
    for item, found in zip(picture.double().numpy(), ours, strict=True):
        for kernel, plane in zip(filters, found, strict=True):
            wanted = correlated(item, np.stack([kernel] * 3)).clip(-2, 2)
            np.testing.assert_allclose(plane, wanted, atol=1e-5)


def test_srm_of_each_colour_and_its_limit() -> None:
    picture = noise((1, 2, 12, 12), 2, 0, 30)
    ours = SRM(channels=2, limit=3, separate=True)(picture)[0].numpy()
    assert np.abs(ours).max() == 3
    filters = kernels().double().numpy()
    wanted = [
        correlate(p, f, mode="constant") for p in picture[0].double().numpy() for f in filters
    ]
    np.testing.assert_allclose(ours, np.clip(wanted, -3, 3), atol=2e-5)
    ramp = torch.arange(12.0).expand(1, 1, 12, 12)
    inside = SRM(channels=1)(ramp)[..., 2:-2, 2:-2]
    assert inside.abs().max() < 1e-5, "a ramp has no residual"


def test_bayar_predicts_the_middle_from_weights_that_sum_to_one() -> None:
    layer = BayarConv2d(3, 4).eval()
    picture = noise((1, 3, 11, 13), 3)
    with torch.no_grad():
        layer.kernel.copy_(noise((3, 4, 24), 4, 0.1, 1))
        ours, kernel = layer(picture)[0].numpy(), layer.kernel.double().numpy()
    kernel = kernel / kernel.sum(-1, keepdims=True)
    whole = np.insert(kernel, 12, -1, axis=-1).reshape(4, 3, 5, 5)
    wanted = [correlated(picture[0].double().numpy(), filters) for filters in whole]
    np.testing.assert_allclose(ours, wanted, atol=1e-5)


def test_bayar_stays_constrained_while_it_learns() -> None:
    layer = BayarConv2d(1, 1).train()
    rule = torch.optim.SGD(layer.parameters(), lr=0.01)
    picture = noise((1, 1, 16, 16), 5)
    for _ in range(3):
        weights = layer.weights()
        assert float(weights.detach().sum()) == pytest.approx(0, abs=1e-5)
        assert float(weights[0, 0, 2, 2].detach()) == -1
        rule.zero_grad()
        layer(picture).square().mean().backward()
        rule.step()
    before = layer.kernel.detach().clone()
    layer.eval()(picture)
    assert layer.kernel.equal(before), "judging changes nothing"


def test_blocks_are_transformed_as_scipy_does() -> None:
    value = noise((2, 3, 24, 16), 6).double()
    ours = BlockDCT()(value)
    assert ours.shape == (2, 3 * 64, 3, 2)
    for row in range(3):
        for column in range(2):
            block = value[1, 2, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8].numpy()
            wanted = dctn(block, norm="ortho")
            found = ours[1, 2 * 64 :, row, column].numpy()
            np.testing.assert_allclose(found, [wanted[p] for p in zigzag()], atol=1e-5)
    torch.testing.assert_close(BlockDCT().inverse(ours), value, atol=1e-5, rtol=0)


def test_the_order_and_the_tables_are_those_of_jpeg() -> None:
    assert zigzag()[:10] == [
        (0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2), (2, 1), (3, 0),
    ]  # fmt: skip
    file = io.BytesIO()
    Image.fromarray(photo(16, 16)).save(file, "JPEG", quality=73)
    with Image.open(io.BytesIO(file.getvalue())) as again:
        tables = again.quantization  # type: ignore[attr-defined]
    natural = [v * 8 + u for v, u in zigzag()]
    for number in (0, 1):
        ours = quantisers(73)[number].tolist()
        assert ours in (list(tables[number]), [tables[number][place] for place in natural])


@pytest.mark.parametrize("halved", [False, True])
@pytest.mark.parametrize("quality", [5, 50, 80, 90, 95, 100])
def test_a_save_is_that_of_libjpeg(quality: int, halved: bool) -> None:
    for height, width in ((75, 90), (33, 47), (16, 32), (1, 5)):
        for picture in (photo(height, width), grain(height, width)):
            file = io.BytesIO()
            Image.fromarray(picture).save(
                file, "JPEG", quality=quality, subsampling="4:2:0" if halved else "4:4:4"
            )
            with Image.open(io.BytesIO(file.getvalue())) as again:
                theirs = planes(np.asarray(again.convert("RGB")))
            ours = Saved(quality, halved)(planes(picture))
            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
            levels = ErrorLevels(quality, halved)(planes(picture))
            wanted = (planes(picture) - theirs).abs()
            torch.testing.assert_close(levels, wanted, atol=1e-5, rtol=0)


def test_what_was_saved_before_has_lower_error_levels() -> None:
    once = planes(photo(64, 64))
    twice = Saved(80, halved=False)(once)
    levels = ErrorLevels(80, halved=False)
    assert levels(twice).mean() < 0.3 * levels(once).mean()


def test_a_quality_that_no_jpeg_has_is_refused() -> None:
    with pytest.raises(SettingError, match="1 to 100"):
        Saved(0)


def test_haar_is_the_wavelet_of_pywavelets_and_comes_back() -> None:
    value = noise((2, 3, 10, 14), 7).double()
    coarse, down, across, both = haar(value)
    wanted, (horizontal, vertical, diagonal) = pywt.dwt2(value.numpy(), "haar")
    for ours, theirs in (
        (coarse, wanted), (down, horizontal), (across, vertical), (both, diagonal),
    ):  # fmt: skip
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-5)
    torch.testing.assert_close(unhaar(coarse, down, across, both), value, atol=1e-12, rtol=0)


def test_relationships_are_what_halving_and_doubling_take() -> None:
    value = noise((1, 3, 8, 12), 8)
    for side in (2, 4):
        small = F.interpolate(value, scale_factor=1 / side, mode="nearest")
        theirs = value - F.interpolate(small, scale_factor=side, mode="nearest")
        torch.testing.assert_close(relationships(value, side), theirs, atol=1e-5, rtol=0)
    large = F.interpolate(value, scale_factor=2, mode="nearest")
    assert relationships(large).abs().max() == 0
    assert relationships(noise((1, 3, 7, 9), 1)).shape == (1, 3, 6, 8)
