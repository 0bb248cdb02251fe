"""Who lives in the demo installation: plain values, read by the banner, the seed and the tests."""

from dataclasses import dataclass

PASSWORD = "atrium demo 2026"  # noqa: S105  known to everyone, and refused outside development

KEY_FILE = "demo-api-key"
"""Under `secrets/` of the data folder: the text of an API key of the first application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody who can sign in with PASSWORD."""

    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoApplication:
    """An AI application of the organisation."""

    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrganisation:
    """A company with its people, the first of whom owns it."""

    slug: str
    name: str
    people: tuple[DemoPerson, ...]
    applications: tuple[DemoApplication, ...]


ORGANISATIONS = (
    DemoOrganisation(
        slug="northwind",
        name="Northwind Research",
        people=(
            DemoPerson(email="olga@northwind.example", name="Olga Owner", role="owner"),
            DemoPerson(email="dev@northwind.example", name="Deniz Developer", role="developer"),
            DemoPerson(email="view@northwind.example", name="Vera Viewer", role="viewer"),
        ),
        applications=(
            DemoApplication(
                slug="support-desk",
                name="Support desk",
                description="Answers customers, hands over to people.",
            ),
            DemoApplication(
                slug="paper-reader", name="Paper reader", description="Sums up what was published this week."
            ),
        ),
    ),
    DemoOrganisation(
        slug="contoso",
        name="Contoso Retail",
        people=(DemoPerson(email="omar@contoso.example", name="Omar Owner", role="owner"),),
        applications=(
            DemoApplication(
                slug="shop-guide", name="Shop guide", description="Finds the product for the need."
            ),
        ),
    ),
)
