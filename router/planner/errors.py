"""What can go wrong while planning. Taking too long is `router.errors.PlanTimeout`."""

from router.errors import LimitExceeded, OperationRefused


class Unplannable(OperationRefused):
    """No combination of subgraphs can answer the operation."""

    code = "OPERATION_NOT_PLANNABLE"

    def __init__(self, type_name: str, field: str) -> None:
        super().__init__(f"No subgraph can be asked for {type_name}.{field} here.")
        self.coordinate = f"{type_name}.{field}"


class TooManyPaths(LimitExceeded):
    """There are more ways to answer the operation than may be looked at."""

    code = "PLAN_TOO_COMPLEX"
    setting = "max_paths"
    counted = "ways through the subgraphs to look at"


class TooManyParts(LimitExceeded):
    """Planning would have to hold too much in memory."""

    code = "PLAN_TOO_LARGE"
    setting = "max_plan_parts"
    counted = "parts to plan with"


class TooDeep(OperationRefused):
    """Selections and what they require are nested deeper than the planner can follow."""

    code = "PLAN_TOO_DEEP"

    def __init__(self) -> None:
        super().__init__("The operation, with what its fields require, is nested too deep to be planned.")
