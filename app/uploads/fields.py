"""What of a file we can keep of each place, in the words of the page that matches columns."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One of our columns: what it is called, and what the person with the file should know."""

    name: str
    label: str
    hint: str = ""


FIELDS = (
    Field("name", "Name", "Every place needs one"),
    Field("kind", "What it is", "Care home, group, surgery or venue"),
    Field("description", "What happens there"),
    Field("address", "Address"),
    Field("postcode", "Postcode", "Places without coordinates are put at their postcode"),
    Field("lon", "Longitude", "In degrees, like -1.83"),
    Field("lat", "Latitude", "In degrees, like 53.92"),
    Field("easting", "Easting", "British National Grid, in metres"),
    Field("northing", "Northing", "British National Grid, in metres"),
    Field("interests", "What it is about", "Interests, with semicolons between"),
    Field("access", "What makes it easier to use", "Such as step_free; hearing_loop"),
    Field("indoors", "Whether it is indoors", "Yes or no"),
    Field("phone", "Telephone"),
    Field("email", "E-mail"),
    Field("website", "Website"),
    Field("opening_hours", "Opening hours"),
    Field("beds", "Beds", "Care homes only"),
    Field("checked_on", "When somebody last checked it"),
    Field("contact_public", "Whether telephone and e-mail may be shown", "Yes or no"),
    Field("ward_code", "Ward code", "Such as E05001347; for skills and networks"),
    Field("id", "Its own number or code", "Without one, name and place together are taken"),
)
BY_NAME = {field.name: field for field in FIELDS}
# Always on the page; the others are folded away unless the file seems to have them.
ALWAYS = ("description", "address", "postcode", "interests", "phone", "website")
