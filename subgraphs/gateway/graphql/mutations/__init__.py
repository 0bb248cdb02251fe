"""Mutations of the gateway domain, one file each."""

import strawberry

from subgraphs.gateway.graphql.mutations.client_applications_set import (
    ClientApplicationsSetPayload,
    client_applications_set,
)
from subgraphs.gateway.graphql.mutations.client_mode_set import ClientModeSetPayload, client_mode_set
from subgraphs.gateway.graphql.mutations.contract_delete import ContractDeletePayload, contract_delete
from subgraphs.gateway.graphql.mutations.contract_set import ContractSetPayload, contract_set
from subgraphs.gateway.graphql.mutations.documents_upload import DocumentsUploadPayload, documents_upload
from subgraphs.gateway.graphql.mutations.graph_create import GraphCreatePayload, graph_create
from subgraphs.gateway.graphql.mutations.ip_rule_delete import IpRuleDeletePayload, ip_rule_delete
from subgraphs.gateway.graphql.mutations.ip_rule_set import IpRuleSetPayload, ip_rule_set
from subgraphs.gateway.graphql.mutations.operations_publish import (
    OperationsPublishPayload,
    operations_publish,
)
from subgraphs.gateway.graphql.mutations.operations_retire import OperationsRetirePayload, operations_retire
from subgraphs.gateway.graphql.mutations.rate_limit_delete import RateLimitDeletePayload, rate_limit_delete
from subgraphs.gateway.graphql.mutations.rate_limit_set import RateLimitSetPayload, rate_limit_set
from subgraphs.gateway.graphql.mutations.subgraph_publish import SubgraphPublishPayload, subgraph_publish
from subgraphs.gateway.graphql.mutations.subgraph_retire import SubgraphRetirePayload, subgraph_retire
from subgraphs.gateway.graphql.mutations.supergraph_activate import (
    SupergraphActivatePayload,
    supergraph_activate,
)
from subgraphs.gateway.graphql.mutations.supergraph_rollback import (
    SupergraphRollbackPayload,
    supergraph_rollback,
)


@strawberry.type
class Mutation:
    """What can be changed."""

    graph_create: GraphCreatePayload = strawberry.mutation(resolver=graph_create)
    subgraph_publish: SubgraphPublishPayload = strawberry.mutation(resolver=subgraph_publish)
    subgraph_retire: SubgraphRetirePayload = strawberry.mutation(resolver=subgraph_retire)
    contract_set: ContractSetPayload = strawberry.mutation(resolver=contract_set)
    contract_delete: ContractDeletePayload = strawberry.mutation(resolver=contract_delete)
    supergraph_activate: SupergraphActivatePayload = strawberry.mutation(resolver=supergraph_activate)
    supergraph_rollback: SupergraphRollbackPayload = strawberry.mutation(resolver=supergraph_rollback)
    operations_publish: OperationsPublishPayload = strawberry.mutation(resolver=operations_publish)
    documents_upload: DocumentsUploadPayload = strawberry.mutation(resolver=documents_upload)
    operations_retire: OperationsRetirePayload = strawberry.mutation(resolver=operations_retire)
    client_mode_set: ClientModeSetPayload = strawberry.mutation(resolver=client_mode_set)
    client_applications_set: ClientApplicationsSetPayload = strawberry.mutation(
        resolver=client_applications_set
    )
    rate_limit_set: RateLimitSetPayload = strawberry.mutation(resolver=rate_limit_set)
    rate_limit_delete: RateLimitDeletePayload = strawberry.mutation(resolver=rate_limit_delete)
    ip_rule_set: IpRuleSetPayload = strawberry.mutation(resolver=ip_rule_set)
    ip_rule_delete: IpRuleDeletePayload = strawberry.mutation(resolver=ip_rule_delete)
