"""The kinds of changes: for each one how bad it is, whom it reaches, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Criticality(StrEnum):
    """What a change does to those who use the schema.

    Breaking: an operation that worked may be refused, or its answer may hold what the client cannot take.
    Dangerous: every operation stays valid, but may behave differently. Safe: nobody has to look.
    """

    SAFE = "safe"
    DANGEROUS = "dangerous"
    BREAKING = "breaking"

    @property
    def weight(self) -> int:
        """Larger is worse."""
        return list(Criticality).index(self)


class Reach(Enum):
    """Which recorded operations a change of one kind would hit."""

    NOBODY = auto()
    """None: the kind is safe."""
    USED = auto()
    """Those that use what changed: select the field, give the argument or value, name the type."""
    PARENT = auto()
    """Those that use what it belongs to, whether they give it or not."""
    OMITTED = auto()
    """Those that leave it out, so that the default speaks for them."""
    NULL = auto()
    """Those that may give null for it."""
    OMITTED_OR_NULL = auto()
    """Those that leave it out or may give null for it."""
    BOTH = auto()
    """Those that have a fragment on one end of a membership directly within the other."""
    UNMEASURED = auto()
    """Nobody can say: operations do not show it."""


class Kind(StrEnum):
    """Everything that can happen to a schema."""

    # types
    TYPE_ADDED = "TYPE_ADDED"
    TYPE_REMOVED = "TYPE_REMOVED"
    TYPE_KIND_CHANGED = "TYPE_KIND_CHANGED"
    ROOT_TYPE_ADDED = "ROOT_TYPE_ADDED"
    ROOT_TYPE_REMOVED = "ROOT_TYPE_REMOVED"
    ROOT_TYPE_CHANGED = "ROOT_TYPE_CHANGED"
    INTERFACE_IMPLEMENTATION_ADDED = "INTERFACE_IMPLEMENTATION_ADDED"
    INTERFACE_IMPLEMENTATION_REMOVED = "INTERFACE_IMPLEMENTATION_REMOVED"
    UNION_MEMBER_ADDED = "UNION_MEMBER_ADDED"
    UNION_MEMBER_REMOVED = "UNION_MEMBER_REMOVED"
    ENUM_VALUE_ADDED = "ENUM_VALUE_ADDED"
    INPUT_ENUM_VALUE_ADDED = "INPUT_ENUM_VALUE_ADDED"
    ENUM_VALUE_REMOVED = "ENUM_VALUE_REMOVED"
    SPECIFIED_BY_ADDED = "SPECIFIED_BY_ADDED"
    SPECIFIED_BY_REMOVED = "SPECIFIED_BY_REMOVED"
    SPECIFIED_BY_CHANGED = "SPECIFIED_BY_CHANGED"
    # fields
    FIELD_ADDED = "FIELD_ADDED"
    FIELD_REMOVED = "FIELD_REMOVED"
    FIELD_TYPE_CHANGED = "FIELD_TYPE_CHANGED"
    FIELD_BECAME_NULLABLE = "FIELD_BECAME_NULLABLE"
    FIELD_BECAME_NON_NULL = "FIELD_BECAME_NON_NULL"
    # arguments, of fields and of directives
    ARGUMENT_ADDED = "ARGUMENT_ADDED"
    REQUIRED_ARGUMENT_ADDED = "REQUIRED_ARGUMENT_ADDED"
    ARGUMENT_REMOVED = "ARGUMENT_REMOVED"
    ARGUMENT_TYPE_CHANGED = "ARGUMENT_TYPE_CHANGED"
    ARGUMENT_BECAME_REQUIRED = "ARGUMENT_BECAME_REQUIRED"
    ARGUMENT_BECAME_NON_NULL = "ARGUMENT_BECAME_NON_NULL"
    ARGUMENT_BECAME_NULLABLE = "ARGUMENT_BECAME_NULLABLE"
    ARGUMENT_BECAME_OPTIONAL = "ARGUMENT_BECAME_OPTIONAL"
    ARGUMENT_DEFAULT_ADDED = "ARGUMENT_DEFAULT_ADDED"
    ARGUMENT_DEFAULT_REMOVED = "ARGUMENT_DEFAULT_REMOVED"
    ARGUMENT_DEFAULT_CHANGED = "ARGUMENT_DEFAULT_CHANGED"
    # input types
    INPUT_FIELD_ADDED = "INPUT_FIELD_ADDED"
    REQUIRED_INPUT_FIELD_ADDED = "REQUIRED_INPUT_FIELD_ADDED"
    INPUT_FIELD_REMOVED = "INPUT_FIELD_REMOVED"
    INPUT_FIELD_TYPE_CHANGED = "INPUT_FIELD_TYPE_CHANGED"
    INPUT_FIELD_BECAME_REQUIRED = "INPUT_FIELD_BECAME_REQUIRED"
    INPUT_FIELD_BECAME_NON_NULL = "INPUT_FIELD_BECAME_NON_NULL"
    INPUT_FIELD_BECAME_NULLABLE = "INPUT_FIELD_BECAME_NULLABLE"
    INPUT_FIELD_BECAME_OPTIONAL = "INPUT_FIELD_BECAME_OPTIONAL"
    INPUT_FIELD_DEFAULT_ADDED = "INPUT_FIELD_DEFAULT_ADDED"
    INPUT_FIELD_DEFAULT_REMOVED = "INPUT_FIELD_DEFAULT_REMOVED"
    INPUT_FIELD_DEFAULT_CHANGED = "INPUT_FIELD_DEFAULT_CHANGED"
    ONE_OF_ADDED = "ONE_OF_ADDED"
    ONE_OF_REMOVED = "ONE_OF_REMOVED"
    # directives that clients write
    DIRECTIVE_ADDED = "DIRECTIVE_ADDED"
    DIRECTIVE_REMOVED = "DIRECTIVE_REMOVED"
    DIRECTIVE_LOCATION_ADDED = "DIRECTIVE_LOCATION_ADDED"
    DIRECTIVE_LOCATION_REMOVED = "DIRECTIVE_LOCATION_REMOVED"
    DIRECTIVE_BECAME_REPEATABLE = "DIRECTIVE_BECAME_REPEATABLE"
    DIRECTIVE_BECAME_UNREPEATABLE = "DIRECTIVE_BECAME_UNREPEATABLE"
    # what is said of any part
    DESCRIPTION_CHANGED = "DESCRIPTION_CHANGED"
    DEPRECATION_ADDED = "DEPRECATION_ADDED"
    DEPRECATION_REMOVED = "DEPRECATION_REMOVED"
    DEPRECATION_REASON_CHANGED = "DEPRECATION_REASON_CHANGED"
    # who may
    AUTHENTICATION_ADDED = "AUTHENTICATION_ADDED"
    AUTHENTICATION_REMOVED = "AUTHENTICATION_REMOVED"
    SCOPES_TIGHTENED = "SCOPES_TIGHTENED"
    SCOPES_LOOSENED = "SCOPES_LOOSENED"
    POLICIES_TIGHTENED = "POLICIES_TIGHTENED"
    POLICIES_LOOSENED = "POLICIES_LOOSENED"
    # cost, tags and directives of one's own
    COST_RAISED = "COST_RAISED"
    COST_LOWERED = "COST_LOWERED"
    LIST_SIZE_CHANGED = "LIST_SIZE_CHANGED"
    TAG_ADDED = "TAG_ADDED"
    TAG_REMOVED = "TAG_REMOVED"
    INACCESSIBLE_ADDED = "INACCESSIBLE_ADDED"
    INACCESSIBLE_REMOVED = "INACCESSIBLE_REMOVED"
    CUSTOM_DIRECTIVE_CHANGED = "CUSTOM_DIRECTIVE_CHANGED"
    # federation
    SUBGRAPH_ADDED = "SUBGRAPH_ADDED"
    SUBGRAPH_REMOVED = "SUBGRAPH_REMOVED"
    SUBGRAPH_URL_CHANGED = "SUBGRAPH_URL_CHANGED"
    TYPE_SUBGRAPH_ADDED = "TYPE_SUBGRAPH_ADDED"
    TYPE_SUBGRAPH_REMOVED = "TYPE_SUBGRAPH_REMOVED"
    FIELD_SUBGRAPH_ADDED = "FIELD_SUBGRAPH_ADDED"
    FIELD_SUBGRAPH_REMOVED = "FIELD_SUBGRAPH_REMOVED"
    FIELD_MOVED = "FIELD_MOVED"
    FIELD_SUBGRAPH_TYPE_CHANGED = "FIELD_SUBGRAPH_TYPE_CHANGED"
    MEMBER_SUBGRAPH_ADDED = "MEMBER_SUBGRAPH_ADDED"
    MEMBER_SUBGRAPH_REMOVED = "MEMBER_SUBGRAPH_REMOVED"
    KEY_ADDED = "KEY_ADDED"
    KEY_REMOVED = "KEY_REMOVED"
    UNSHARED_KEY_REMOVED = "UNSHARED_KEY_REMOVED"
    KEY_BECAME_RESOLVABLE = "KEY_BECAME_RESOLVABLE"
    KEY_BECAME_UNRESOLVABLE = "KEY_BECAME_UNRESOLVABLE"
    REQUIRES_ADDED = "REQUIRES_ADDED"
    REQUIRES_REMOVED = "REQUIRES_REMOVED"
    REQUIRES_CHANGED = "REQUIRES_CHANGED"
    PROVIDES_CHANGED = "PROVIDES_CHANGED"
    OVERRIDE_ADDED = "OVERRIDE_ADDED"
    OVERRIDE_REMOVED = "OVERRIDE_REMOVED"
    OVERRIDE_LABEL_CHANGED = "OVERRIDE_LABEL_CHANGED"
    INTERFACE_OBJECT_CHANGED = "INTERFACE_OBJECT_CHANGED"
    CONTEXT_CHANGED = "CONTEXT_CHANGED"
    CONTEXT_ARGUMENT_CHANGED = "CONTEXT_ARGUMENT_CHANGED"
    SPECIFICATION_CHANGED = "SPECIFICATION_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for all changes of one kind; the sentence may speak of {at}, {old} and {new}."""

    criticality: Criticality
    reach: Reach
    sentence: str
    why: str


def _safe(sentence: str, why: str) -> Rule:
    return Rule(criticality=Criticality.SAFE, reach=Reach.NOBODY, sentence=sentence, why=why)


def _dangerous(reach: Reach, sentence: str, why: str) -> Rule:
    return Rule(criticality=Criticality.DANGEROUS, reach=reach, sentence=sentence, why=why)


def _breaking(reach: Reach, sentence: str, why: str) -> Rule:
    return Rule(criticality=Criticality.BREAKING, reach=reach, sentence=sentence, why=why)


_TYPES: Mapping[Kind, Rule] = {
    Kind.TYPE_ADDED: _safe("{new} {at} was added.", "No operation knows it yet."),
    Kind.TYPE_REMOVED: _breaking(
        Reach.USED, "{old} {at} was removed.", "Fragments, variables and fields of this type are refused."
    ),
    Kind.TYPE_KIND_CHANGED: _breaking(
        Reach.USED,
        "{at} was {old} and is now {new}.",
        "A selection, a fragment or a variable that fits one kind of type does not fit another.",
    ),
    Kind.ROOT_TYPE_ADDED: _safe("There is now a {at} type, {new}.", "No operation could be one of these."),
    Kind.ROOT_TYPE_REMOVED: _breaking(
        Reach.USED, "There is no {at} type any more; it was {old}.", "Every {at} is refused."
    ),
    Kind.ROOT_TYPE_CHANGED: _breaking(
        Reach.USED,
        "The {at} type was {old} and is now {new}.",
        "Operations are held against another type, and `__typename` answers another name.",
    ),
    Kind.INTERFACE_IMPLEMENTATION_ADDED: _dangerous(
        Reach.USED,
        "{at} can now be {new}.",
        "Where the interface is selected, clients may receive a type that they have no case for.",
    ),
    Kind.INTERFACE_IMPLEMENTATION_REMOVED: _breaking(
        Reach.BOTH,
        "{at} cannot be {old} any more.",
        "A fragment on one of them inside the other can never match and is refused.",
    ),
    Kind.UNION_MEMBER_ADDED: _dangerous(
        Reach.USED,
        "{at} can now be {new}.",
        "Where the union is selected, clients may receive a type that they have no case for.",
    ),
    Kind.UNION_MEMBER_REMOVED: _breaking(
        Reach.BOTH,
        "{at} cannot be {old} any more.",
        "A fragment on the type inside the union can never match and is refused.",
    ),
    Kind.ENUM_VALUE_ADDED: _dangerous(
        Reach.PARENT,
        "Value {at} was added.",
        "Fields answer with this enum, and clients may have no case for the value.",
    ),
    Kind.INPUT_ENUM_VALUE_ADDED: _safe(
        "Value {at} was added.", "The enum only goes in, and nobody gives the value yet."
    ),
    Kind.ENUM_VALUE_REMOVED: _breaking(
        Reach.USED, "Value {at} was removed.", "Operations and variables that give the value are refused."
    ),
    Kind.SPECIFIED_BY_ADDED: _safe("{at} now says what specifies it: {new}.", "Words only."),
    Kind.SPECIFIED_BY_REMOVED: _dangerous(
        Reach.USED, "{at} was specified by {old}, now by nothing.", "Its text may take another form."
    ),
    Kind.SPECIFIED_BY_CHANGED: _dangerous(
        Reach.USED,
        "{at} was specified by {old}, now by {new}.",
        "Values may take another form than clients read and write.",
    ),
}

_FIELDS: Mapping[Kind, Rule] = {
    Kind.FIELD_ADDED: _safe("Field {at}: {new} was added.", "No operation selects it yet."),
    Kind.FIELD_REMOVED: _breaking(
        Reach.USED, "Field {at}: {old} was removed.", "Operations that select it are refused."
    ),
    Kind.FIELD_TYPE_CHANGED: _breaking(
        Reach.USED, "Field {at} was {old} and is now {new}.", "The answer has another shape."
    ),
    Kind.FIELD_BECAME_NULLABLE: _breaking(
        Reach.USED,
        "Field {at} was {old} and is now {new}.",
        "Clients may receive null where they never did.",
    ),
    Kind.FIELD_BECAME_NON_NULL: _safe(
        "Field {at} was {old} and is now {new}.", "Clients are ready for more than they receive."
    ),
}


def _input_rules(prefix: str, what: str, whole: str) -> Mapping[Kind, Rule]:
    """The rules of arguments and of input fields: alike but for the words."""
    required_prefix = f"REQUIRED_{prefix}"
    was = f"{what} {{at}} was {{old}} and is now {{new}}."
    return {
        Kind[f"{prefix}_ADDED"]: _safe(
            f"{what} {{at}}: {{new}} was added.", "It may be left out, as all operations do."
        ),
        Kind[f"{required_prefix}_ADDED"]: _breaking(
            Reach.PARENT,
            f"{what} {{at}}: {{new}} was added, and must be given.",
            f"Every operation that uses {whole} leaves it out and is refused.",
        ),
        Kind[f"{prefix}_REMOVED"]: _breaking(
            Reach.USED, f"{what} {{at}}: {{old}} was removed.", "Operations that give it are refused."
        ),
        Kind[f"{prefix}_TYPE_CHANGED"]: _breaking(
            Reach.USED, was, "Values and variables of the old type are refused."
        ),
        Kind[f"{prefix}_BECAME_REQUIRED"]: _breaking(
            Reach.OMITTED_OR_NULL, was, "Operations that leave it out or give null are refused."
        ),
        Kind[f"{prefix}_BECAME_NON_NULL"]: _breaking(
            Reach.NULL, was, "Operations that give null, here or within its list, are refused."
        ),
        Kind[f"{prefix}_BECAME_NULLABLE"]: _safe(was, "Whatever was given before is still taken."),
        Kind[f"{prefix}_BECAME_OPTIONAL"]: _safe(was, "Whoever gives it still can."),
        Kind[f"{prefix}_DEFAULT_ADDED"]: _dangerous(
            Reach.OMITTED,
            f"{what} {{at}} now has the default {{new}}.",
            "Operations that leave it out now mean something else.",
        ),
        Kind[f"{prefix}_DEFAULT_REMOVED"]: _dangerous(
            Reach.OMITTED,
            f"{what} {{at}} had the default {{old}} and now has none.",
            "Operations that leave it out now mean something else.",
        ),
        Kind[f"{prefix}_DEFAULT_CHANGED"]: _dangerous(
            Reach.OMITTED,
            f"{what} {{at}} had the default {{old}}, now {{new}}.",
            "Operations that leave it out now mean something else.",
        ),
    }


_INPUTS: Mapping[Kind, Rule] = {
    **_input_rules("ARGUMENT", "Argument", "the field or directive"),
    **_input_rules("INPUT_FIELD", "Input field", "the input type"),
    Kind.ONE_OF_ADDED: _breaking(
        Reach.USED,
        "Input {at} now takes exactly one of its fields.",
        "Operations that give several fields, or none, are refused.",
    ),
    Kind.ONE_OF_REMOVED: _safe(
        "Input {at} now takes any number of its fields.", "Giving exactly one is still right."
    ),
}

_DIRECTIVES: Mapping[Kind, Rule] = {
    Kind.DIRECTIVE_ADDED: _safe("Directive {at} was added.", "No operation writes it yet."),
    Kind.DIRECTIVE_REMOVED: _breaking(
        Reach.USED, "Directive {at} was removed.", "Operations that write it are refused."
    ),
    Kind.DIRECTIVE_LOCATION_ADDED: _safe(
        "Directive {at} may now stand on {new}.", "No operation writes it there yet."
    ),
    Kind.DIRECTIVE_LOCATION_REMOVED: _breaking(
        Reach.USED,
        "Directive {at} may not stand on {old} any more.",
        "Operations that write it there are refused.",
    ),
    Kind.DIRECTIVE_BECAME_REPEATABLE: _safe("Directive {at} may now be repeated.", "Once is still right."),
    Kind.DIRECTIVE_BECAME_UNREPEATABLE: _breaking(
        Reach.USED, "Directive {at} may not be repeated any more.", "Operations that repeat it are refused."
    ),
}

_SAID: Mapping[Kind, Rule] = {
    Kind.DESCRIPTION_CHANGED: _safe("The description of {at} changed.", "Words only."),
    Kind.DEPRECATION_ADDED: _safe(
        "{at} was deprecated: {new}", "It still works; its users are asked to move on."
    ),
    Kind.DEPRECATION_REMOVED: _safe("{at} is not deprecated any more.", "It still works."),
    Kind.DEPRECATION_REASON_CHANGED: _safe("{at} is deprecated for another reason: {new}", "Words only."),
}

_ACCESS: Mapping[Kind, Rule] = {
    Kind.AUTHENTICATION_ADDED: _breaking(
        Reach.USED, "{at} is now for authenticated callers only.", "Anonymous callers lose it."
    ),
    Kind.AUTHENTICATION_REMOVED: _dangerous(
        Reach.UNMEASURED, "{at} is open to anonymous callers now.", "Is everyone meant to see it?"
    ),
    Kind.SCOPES_TIGHTENED: _breaking(
        Reach.USED, "{at} needed scopes {old}, now {new}.", "Some callers that may see it now lose it."
    ),
    Kind.SCOPES_LOOSENED: _dangerous(
        Reach.UNMEASURED, "{at} needed scopes {old}, now {new}.", "More callers see it; are they meant to?"
    ),
    Kind.POLICIES_TIGHTENED: _breaking(
        Reach.USED, "{at} needed policies {old}, now {new}.", "Some callers that may see it now lose it."
    ),
    Kind.POLICIES_LOOSENED: _dangerous(
        Reach.UNMEASURED, "{at} needed policies {old}, now {new}.", "More callers see it; are they meant to?"
    ),
}

_REST: Mapping[Kind, Rule] = {
    Kind.COST_RAISED: _dangerous(
        Reach.USED, "{at} cost {old}, now {new}.", "Operations may pass the limit that they kept."
    ),
    Kind.COST_LOWERED: _safe("{at} cost {old}, now {new}.", "Operations cost less."),
    Kind.LIST_SIZE_CHANGED: _dangerous(
        Reach.USED,
        "The expected size of {at} was {old}, now {new}.",
        "Operations may pass the cost limit that they kept.",
    ),
    Kind.TAG_ADDED: _dangerous(
        Reach.UNMEASURED, "{at} now has the tag {new}.", "A contract that filters by the tag changes."
    ),
    Kind.TAG_REMOVED: _dangerous(
        Reach.UNMEASURED, "{at} lost the tag {old}.", "A contract that filters by the tag changes."
    ),
    Kind.INACCESSIBLE_ADDED: _safe(
        "{at} is now hidden from clients.", "What clients lose by it is listed as removed."
    ),
    Kind.INACCESSIBLE_REMOVED: _safe(
        "{at} is not hidden from clients any more.", "What clients gain by it is listed as added."
    ),
    Kind.CUSTOM_DIRECTIVE_CHANGED: _dangerous(
        Reach.UNMEASURED,
        "{at} carried {old}, now {new}.",
        "What a directive of your own means, only its readers know.",
    ),
}

_FEDERATION: Mapping[Kind, Rule] = {
    Kind.SUBGRAPH_ADDED: _safe("Subgraph {at} was added.", "What it brings is listed by itself."),
    Kind.SUBGRAPH_REMOVED: _dangerous(
        Reach.UNMEASURED,
        "Subgraph {at} was removed.",
        "Others answer what it shared with them; what only it had is listed by itself.",
    ),
    Kind.SUBGRAPH_URL_CHANGED: _dangerous(
        Reach.UNMEASURED,
        "Subgraph {at} was at {old} and is now at {new}.",
        "Every request to it goes elsewhere.",
    ),
    Kind.TYPE_SUBGRAPH_ADDED: _safe("Subgraph {new} now knows {at} as well.", "Others know it as before."),
    Kind.TYPE_SUBGRAPH_REMOVED: _safe(
        "Subgraph {old} does not know {at} any more.", "The fields that it answered are listed by themselves."
    ),
    Kind.FIELD_SUBGRAPH_ADDED: _safe(
        "Subgraph {new} now answers {at} as well.", "Shared fields give the same answer everywhere."
    ),
    Kind.FIELD_SUBGRAPH_REMOVED: _dangerous(
        Reach.USED,
        "Subgraph {old} does not answer {at} any more; {new} still does.",
        "Operations reach the field by another way and put its load on the others.",
    ),
    Kind.FIELD_MOVED: _dangerous(
        Reach.USED,
        "{at} was answered by {old} and is now answered by {new}.",
        "Another service answers; it must be there first, with the same data.",
    ),
    Kind.FIELD_SUBGRAPH_TYPE_CHANGED: _safe(
        "One subgraph gave {at} as {old}, now as {new}.", "Clients see the type that all of them give."
    ),
    Kind.MEMBER_SUBGRAPH_ADDED: _safe(
        "{at} now has {new} as well.", "It can come from one more subgraph, as it could from others."
    ),
    Kind.MEMBER_SUBGRAPH_REMOVED: _dangerous(
        Reach.USED,
        "{at} does not have {old} any more.",
        "Where that subgraph answers, this no longer comes.",
    ),
    Kind.KEY_ADDED: _safe("{at} can be found by {new}.", "There are more ways to it."),
    Kind.KEY_REMOVED: _dangerous(
        Reach.USED,
        "{at} cannot be found by {old} any more.",
        "Other subgraphs know the type and may have come by this key; operations take longer ways.",
    ),
    Kind.UNSHARED_KEY_REMOVED: _safe(
        "{at} cannot be found by {old} any more.", "No other subgraph knows the type."
    ),
    Kind.KEY_BECAME_RESOLVABLE: _safe("{at} can now be found by {new}.", "There are more ways to it."),
    Kind.KEY_BECAME_UNRESOLVABLE: _dangerous(
        Reach.USED,
        "{at} is only referred to by {new} now, and not found by it.",
        "Operations that came by this key take longer ways.",
    ),
    Kind.REQUIRES_ADDED: _dangerous(
        Reach.USED,
        "{at} now requires {new}.",
        "Operations wait for another subgraph first, and fail with it.",
    ),
    Kind.REQUIRES_REMOVED: _safe("{at} does not require {old} any more.", "Operations wait for less."),
    Kind.REQUIRES_CHANGED: _dangerous(
        Reach.USED, "{at} required {old}, now {new}.", "Operations wait for other fields, and fail with them."
    ),
    Kind.PROVIDES_CHANGED: _dangerous(
        Reach.USED,
        "{at} provided {old}, now {new}.",
        "The fields below may be answered by another subgraph than before.",
    ),
    Kind.OVERRIDE_ADDED: _dangerous(
        Reach.USED, "{at} is taken over: {new}.", "Another service answers; it needs the same data."
    ),
    Kind.OVERRIDE_REMOVED: _safe(
        "{at} is not taken over any more: {old}.", "A field that changes hands by it is listed by itself."
    ),
    Kind.OVERRIDE_LABEL_CHANGED: _dangerous(
        Reach.USED,
        "{at} was taken over {old}, now {new}.",
        "Another share of requests goes to the new service.",
    ),
    Kind.INTERFACE_OBJECT_CHANGED: _dangerous(
        Reach.USED,
        "{at} was {old}, now {new}.",
        "The router asks for its implementations elsewhere.",
    ),
    Kind.CONTEXT_CHANGED: _dangerous(
        Reach.USED, "{at} set context {old}, now {new}.", "Fields below may find no value, or another one."
    ),
    Kind.CONTEXT_ARGUMENT_CHANGED: _dangerous(
        Reach.USED, "{at} took {old}, now {new}.", "The field is answered for another value."
    ),
    Kind.SPECIFICATION_CHANGED: _dangerous(
        Reach.UNMEASURED,
        "The supergraph linked {old}, now {new}.",
        "A router that does not know the specification refuses the supergraph.",
    ),
}

RULES: Mapping[Kind, Rule] = MappingProxyType(
    {**_TYPES, **_FIELDS, **_INPUTS, **_DIRECTIVES, **_SAID, **_ACCESS, **_REST, **_FEDERATION}
)
"""The one table: every kind with its rule."""
