-- closures, tables of handlers, string helpers
local common = require "./lib/common"
local rules = {
  { when = function(case) return case.reason == "lost" end, answer = function(case) return prove { "password", "email" } end },
  { when = function(case) return case.reason == "stolen" end, answer = function(case) return deny "no" end },
}
local by_reason = {
  lost = { "password", "email" },
  stolen = { "password", "email", "voice" },
}
local policy = {}
function policy.open(case)
  for _, rule in ipairs(rules) do
    if rule.when(case) then
      return rule.answer(case)
    end
  end
  local account, history = case.account, case.history
  if common.in_group(account, "staff") then
    return common.to_support("staff")
  end
  local steps = by_reason[case.reason] or { "password", "email", "voice" }
  if history.failed_24h >= 5 or (history.last_recovered_at and case.now - history.last_recovered_at < days(30)) then
    steps = { "password", any(2, { "email", "voice", "recovery_code" }), approvals(1) }
  end
  local region = account.attributes.region or "unknown"
  if string.find(region, "^eu%-") or region:lower() == "de" then
    return prove(steps)
  end
  local count = 0
  for name, value in pairs(account.attributes) do
    if name == "vip" and value == "yes" then count += 1 end
  end
  for _, group in account.groups do
    if group:sub(1, 3) == "ops" then count = count + 1 end
  end
  if count > 0 then
    local level = tonumber(account.attributes.level)
    if level and level > 3 then return prove { "password", approvals(2) } end
    return deny { because = string.format("%d groups", count) }
  end
  local email = account.email
  if email ~= nil and email.domain == "example.org" then
    return prove { "email", "password" }
  end
  if case.client.known == false and case.client.address then
    return escalate { to = "security", because = "unknown client " .. case.client.address }
  end
  return prove(steps)
end
function policy.proved(case, factor)
  if factor == "recovery_code" and not table.find(case.proven, "password") then
    return prove { "password" }
  end
end
function policy.failed(case, failure)
  local waits = { busy = minutes(1), no_answer = minutes(5) }
  local wait = waits[failure.disposition]
  if wait and failure.count < 3 then
    return retry { after = wait * failure.count }
  end
  return common.to_support(failure.disposition)
end
function policy.recovered(case)
  local result = { device = "deactivate", revoke_sessions = true }
  if case.reason == "stolen" then
    result.hold = hours(24)
    result.force_password_change = true
  end
  return outcome(result)
end
return policy
