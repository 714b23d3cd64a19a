import pytest

from imagestudy import latex
from imagestudy.figures.text import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50% of a_b & c#1 $2 ^~", None),
        ("中", "{[}U+4E2D]"),
        ("naïve Łódź", "naïve Łódź"),
        ("a\nb", "a b"),
        ("--x ?` ''", "-{}-x ?{}` '{}'"),
        ("\x07", "{[}U+0007]"),
        ("*[1pt]", "{*}{[}1pt]"),
    ],
)
def test_every_character_is_escaped_or_named(text, expected):
    found = latex.escape(text)
    assert expected is None or found == expected
    for special in "&%$#_":
        assert found.count(special) == found.count("\\" + special)


def test_a_number_stays_with_its_unit_and_other_space_is_one():
    assert latex.title("68\u202fs\t\n of it ") == r"68\,s of it"


def test_long_words_can_break_and_short_ones_stay():
    assert latex.title("VGG-16 by hand") == "VGG-16 by hand"
    assert r"\allowbreak" in latex.title("a_word_that_is_longer_than_a_column")


def test_numbers():
    assert latex.accuracy(None) == "--"
    assert latex.spread(0.5, None) == "0.500"
    assert latex.spread(0.5, 0.01) == r"0.500\,\textpm{}\,0.010"
    assert latex.signed(-0.01) == r"\textminus{}0.010"
    assert latex.count(14714688) == r"14\,714\,688"
    assert latex.big(14714688) == r"14.7\,M"
    assert latex.duration(90) == r"90\,s"


def test_text_in_figures_is_no_mathematics():
    assert plain("$x$ 中") == r"\$x\$ [U+4E2D]"
