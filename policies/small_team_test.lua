-- The small team, day by day.

local with_codes = { has = { recovery_codes = true }, phone = false }
local without = { phone = false }

test("a saved code and the password are enough", function()
  local case = open { account = with_codes }
  expect(case.plan):is("all { password, recovery_code }")
  case:prove("password"):prove("recovery_code")
  expect(case.state):is("recovered")
end)

test("whoever has no code asks two colleagues", function()
  local case = open { account = without }
  expect(case.plan):is("all { password, email, approvals(2) }")
  case:prove("password"):prove("email"):approve("ann")
  expect(case.state):is("proving")
  expect(case):refuses("approve", "ann")
  case:approve("bob")
  expect(case.state):is("recovered")
  expect(case.approvals):is { "ann", "bob" }
end)

test("a colleague can refuse", function()
  local case = open { account = without }
  case:prove("password"):prove("email"):deny("ann")
  expect(case.state):is("denied")
end)

test("after a theft, a colleague looks at a saved code too", function()
  local case = open { reason = "stolen", account = with_codes }
  expect(case.plan):is("all { password, recovery_code, approvals(1) }")
end)

cases("after {recovered} recoveries in 90 days", {
  { recovered = 1, plan = "all { password, recovery_code }" },
  { recovered = 2, plan = "all { password, recovery_code, approvals(1) }" },
}, function(row)
  local case = open { account = with_codes, history = { recovered_90d = row.recovered } }
  expect(case.plan):is(row.plan)
end)

cases("to the administrator: {because}", {
  { because = "no password on file", from = { account = { has = { password = false, recovery_codes = true } } } },
  { because = "no password on file", from = { reason = "out_of_sync", account = { has = { password = false } } } },
  { because = "there is no device to put right", from = { reason = "out_of_sync", device = false } },
  { because = "neither recovery codes nor a verified e-mail address on file", from = { account = { email = false } } },
  { because = "neither recovery codes nor a verified e-mail address on file",
    from = { account = { email = { verified_at = false } } } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("escalated")
  expect(case.to):is("administrator")
  expect(case.because):is(row.because)
end)

test("a drifted device is put right", function()
  local case = open { reason = "out_of_sync", account = with_codes }
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.outcome.device):is("keep")
  expect(case.outcome.enroll_within):is(nil)
end)

test("a failed step waits two minutes, and the third goes to the administrator", function()
  local case = open { account = without }
  case:prove("password")
  for _ = 1, 2 do
    case:fail("email", "rejected")
    case:wait(minutes(2) - 1)
    expect(case):refuses("send", "email")
    case:wait(1)
  end
  case:fail("email", "unreachable")
  expect(case.state):is("escalated")
  expect(case.to):is("administrator")
  expect(case.because):is("email failed: unreachable")
end)

cases("{reason} leaves the account in order", {
  { reason = "lost", exposed = true },
  { reason = "damaged", exposed = false },
  { reason = "not_working", exposed = false },
}, function(row)
  local case = open { reason = row.reason, account = with_codes }
  case:prove("password"):prove("recovery_code")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = row.exposed,
    revoke_sessions = row.exposed,
    enroll_within = days(3),
  }
end)

test("after a theft the owner has half a day to object", function()
  local case = open { reason = "stolen", account = with_codes }
  case:prove("password"):prove("recovery_code"):approve("ann")
  expect(case.state):is("held")
  expect(case.held_until):is(case.now + hours(12))
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = true,
    revoke_sessions = true,
    hold = hours(12),
    enroll_within = days(3),
  }
  case:veto()
  expect(case.state):is("vetoed")
end)

local function proven(case, factor)
  return table.find(case.proven, factor) ~= nil
end

invariant("the password is always proven", function(case)
  return proven(case, "password")
end)

invariant("whoever has neither a saved code nor the device has two colleagues", function(case)
  return proven(case, "recovery_code") or proven(case, "resync") or #case.approvals >= 2
end)

invariant("nobody is called", function(case)
  return not proven(case, "voice")
end)
