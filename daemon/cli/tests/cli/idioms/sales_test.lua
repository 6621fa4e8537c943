local common = require "./lib/common"
local function all(case, ...)
  for _, factor in { ... } do case:prove(factor) end
  return case
end
test("x", function()
  local case = all(open { reason = "lost", account = { groups = { "x" } } }, "password", "email")
  expect(case.state):is("recovered")
  expect(case.outcome.hold):is(nil)
  expect(case.outcome):is { device = "deactivate", revoke_sessions = true, force_password_change = false }
  for _, reason in { "lost", "stolen" } do
    local other = open { reason = reason, history = { failed_24h = 6 } }
    expect(#other.open):at_least(1)
    if other.account.phone then expect(other.account.phone.country):is("US") end
  end
  expect(function() common.in_group(nil, "x") end):errors()
  expect(case):refuses("veto")
end)
for _, reason in { "lost", "stolen" } do
  test("loop " .. reason, function()
    local case = open { reason = reason }
    expect(case.plan):contains("password")
    expect(case.now):is(now)
    case:wait(days(400))
    expect(case.state):is("expired")
  end)
end
cases("{reason}", { { reason = "lost", steps = { "password" } }, { reason = "damaged" } }, function(row)
  local case = open { reason = row.reason }
  for _, step in row.steps or {} do case:prove(step) end
end)
invariant("a", function(case)
  if case.state == "held" then return case.held_until ~= nil end
  return case.outcome ~= nil and case.outcome.device == "deactivate"
end)
