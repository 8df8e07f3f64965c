from rnnviz.resources import ROOT, asset


def test_what_lies_beside_the_package_is_found():
    assert asset("texts/alice.txt").is_file()
    assert (ROOT / "assets").is_dir()
