"""The tables, one noun a file."""

from app.models.activities import Activity, Schedule
from app.models.areas import Area, AreaFigure, AreaLookup, AreaPart, AreaType
from app.models.assets import MOST_BEDS, Access, Asset, AssetKind, LocationSource
from app.models.base import Base
from app.models.checks import Check, CheckOutcome
from app.models.interests import GentlerAlternative, Interest, InterestWord
from app.models.postcodes import Postcode
from app.models.sources import (
    ImportProblem,
    ImportRun,
    ProblemReason,
    RunStatus,
    Source,
)

__all__ = [
    "MOST_BEDS",
    "Access",
    "Activity",
    "Area",
    "AreaFigure",
    "AreaLookup",
    "AreaPart",
    "AreaType",
    "Asset",
    "AssetKind",
    "Base",
    "Check",
    "CheckOutcome",
    "GentlerAlternative",
    "ImportProblem",
    "ImportRun",
    "Interest",
    "InterestWord",
    "LocationSource",
    "Postcode",
    "ProblemReason",
    "RunStatus",
    "Schedule",
    "Source",
]
