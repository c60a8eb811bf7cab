import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict


@pytest.fixture
def looked_up(monkeypatch):
    """The names of an address that pages have looked for."""
    names = set()
    look_up = MultiValueDict.__getitem__

    def noted(self, name):
        names.add(name)
        return look_up(self, name)

    for method in ("getlist", "__contains__"):
        usual = getattr(QueryDict, method)

        def also(self, name, *default, usual=usual):
            names.add(name)
            return usual(self, name, *default)

        monkeypatch.setattr(QueryDict, method, also, raising=False)
    monkeypatch.setattr(MultiValueDict, "__getitem__", noted)
    return names
