"""List prices in dollars, and the quotas beside them: the one place where the project keeps them.

AWS in us-east-1 without free tiers and volume discounts, read on 2026-11-26 from the page that stands beside each.
"""

HOURS_A_MONTH = 730
SECONDS_A_MONTH = HOURS_A_MONTH * 3600
MILLION = 1_000_000

# https://aws.amazon.com/dynamodb/pricing/on-demand/, a million units; a GB a month, and its point-in-time recovery
DYNAMODB_READS, DYNAMODB_WRITES = 0.125, 0.625
DYNAMODB_GB, DYNAMODB_RECOVERY_GB = 0.25, 0.20

# https://aws.amazon.com/lambda/pricing/, arm64
LAMBDA_CALLS = 0.20  # a million
LAMBDA_GB_SECOND = 0.0000133334
SNAPSTART_CACHE, SNAPSTART_RESTORE = 0.0000015046, 0.0001397998  # for a GB: a second, a time

# https://aws.amazon.com/api-gateway/pricing/, HTTP API
GATEWAY_CALLS = 1.00  # a million

# https://aws.amazon.com/xray/pricing/: a million traces, and the share that X-Ray's own rule takes
TRACES, TRACED = 5.00, 0.05

# https://aws.amazon.com/cloudwatch/pricing/
LOGS_GB = 0.50
ALARM_METRIC, CUSTOM_METRIC = 0.10, 0.30  # a month

# https://aws.amazon.com/ec2/pricing/on-demand/
TRANSFER_GB = 0.09

KMS_KEY = 1.00  # https://aws.amazon.com/kms/pricing/, a month

# https://aws.amazon.com/cognito/pricing/, user pools: so many monthly users at so much each, then the next
EVERYBODY = float("inf")
COGNITO = {
    "Lite": ((10_000, 0), (90_000, 0.0055), (900_000, 0.0046), (9_000_000, 0.00325), (EVERYBODY, 0.0025)),
    "Essentials": ((10_000, 0), (EVERYBODY, 0.015)),
    "Plus": ((EVERYBODY, 0.02),),
}

# https://supabase.com/pricing, plan Pro: a month, and the monthly users beyond those that it includes
SUPABASE_PLAN = 25.00
SUPABASE = ((100_000, 0), (EVERYBODY, 0.00325))


def tiered(users: float, tiers: tuple[tuple[float, float], ...]) -> float:
    """Return what so many monthly users cost, tier by tier."""
    cost = 0.0
    for most, each in tiers:
        cost += min(users, most) * each
        users -= min(users, most)
    return cost
