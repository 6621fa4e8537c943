-- For the benchmark of the portal: the whole way of a recovery, with as little as possible done outside of the portal.
-- A pass from support is the one proof that needs neither a message nor a password hash.

local policy = {}

function policy.open(case)
  return prove { "pass" }
end

function policy.recovered(case)
  local all = case.reason == "stolen"
  return outcome {
    device = all and "deactivate" or "keep",
    force_password_change = all,
    enroll_within = all and days(7) or nil,
  }
end

return policy
