"""The audit trail."""

from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Audit


def build(config: Audit, table: Table) -> AuditTrail:
    return AuditTrail(table, days=config.audit_days)
