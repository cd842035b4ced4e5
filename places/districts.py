"""The city's neighbourhoods, and which one holds a point."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from shapely import Point, STRtree
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from config.toml_models import ConfigError


@dataclass(frozen=True, eq=False)
class District:
    """A neighbourhood: its name and outline (longitude, latitude)."""

    name: str
    outline: BaseGeometry


class Districts:
    """All neighbourhoods, with an index of their outlines."""

    def __init__(self, districts: tuple[District, ...]) -> None:
        self.all = districts
        self._tree = STRtree([district.outline for district in districts])

    def at(self, lat: float, lon: float) -> District | None:
        """The neighbourhood that holds a point; where two do, the smaller one."""
        point = Point(lon, lat)
        found = [self.all[int(at)] for at in self._tree.query(point, predicate="intersects")]
        return min(found, key=lambda district: district.outline.area, default=None)


def read_districts(file: Path) -> Districts:
    """Read a gzipped GeoJSON FeatureCollection with `name` properties. Raises ConfigError."""
    place = f"{file.parent.name}/{file.name}"
    try:
        features = json.loads(gzip.decompress(file.read_bytes()))["features"]
        return Districts(
            tuple(
                District(str(each["properties"]["name"]), shape(each["geometry"]))
                for each in features
            )
        )
    except FileNotFoundError:
        raise ConfigError(f"{place}: expected this file") from None
    except (OSError, ValueError, KeyError, TypeError, ShapelyError) as error:
        raise ConfigError(
            f"{place}: expected gzipped GeoJSON with `name` in properties ({error!r})"
        ) from error
