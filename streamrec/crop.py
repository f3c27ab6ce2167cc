"""The middle of a picture."""


def centre(whole: tuple[int, int], part: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of the middle ``part`` of ``whole``: heights and widths, pixels.

    Half pixels are rounded to the even neighbour, as in torchvision's centre crop.
    """
    top, left = round((whole[0] - part[0]) / 2), round((whole[1] - part[1]) / 2)
    return slice(top, top + part[0]), slice(left, left + part[1])
