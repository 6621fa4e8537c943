-- Ginkgo's rules, as the people of Ginkgo meet them.

local staff = { kind = "owner" }

test("a saved code and the password are enough", function()
  local case = open { account = { kind = "owner", has = { recovery_codes = true } } }
  case:prove("password"):prove("recovery_code")
  expect(case.state):is("recovered")
end)

test("without a saved code, the mailbox and the telephone have to be there", function()
  local case = open { account = staff }
  expect(case.plan):is("all { password, email, voice }")
  case:prove("password"):prove("email"):prove("voice")
  expect(case.state):is("recovered")
end)

cases("where {what}, a colleague vouches", {
  { what = "there is no telephone on file", account = { kind = "owner", phone = false } },
  { what = "the telephone is gone too", account = { kind = "owner", phone = { on_lost_device = true } } },
}, function(row)
  local case = open { account = row.account }
  expect(case.plan):is("all { password, email, approvals(1) }")
end)

cases("to people: {because}", {
  { to = "administrator", because = "freelancers ask whoever hired them", from = { account = { kind = "member" } } },
  { to = "support", because = "no password on file", from = { account = { has = { password = false } } } },
  { to = "support", because = "there is no device to put right", from = { reason = "out_of_sync", device = false } },
  { to = "support", because = "neither a saved code nor a verified e-mail address on file",
    from = { account = { email = false } } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("escalated")
  expect(case.to):is(row.to)
  expect(case.because):is(row.because)
end)

test("a drifted device is put right and kept", function()
  local case = open { reason = "out_of_sync", account = staff }
  case:prove("password"):prove("resync")
  expect(case.outcome.device):is("keep")
end)

test("the third call that nobody takes goes to support", function()
  local case = open { account = staff }
  case:prove("password"):prove("email")
  for _ = 1, 2 do
    case:fail("voice", "no_answer")
    expect(case):refuses("send", "voice")
    case:wait(minutes(1))
  end
  case:fail("voice", "busy")
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is("voice failed: busy")
end)

cases("{reason} leaves the account in order", {
  { reason = "lost", exposed = true },
  { reason = "damaged", exposed = false },
}, function(row)
  local case = open { reason = row.reason, account = staff }
  case:prove("password"):prove("email"):prove("voice")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = row.exposed,
    revoke_sessions = row.exposed,
    enroll_within = days(7),
  }
end)

test("after a theft the owner has a day to object", function()
  local case = open { reason = "stolen", account = staff }
  case:prove("password"):prove("email"):prove("voice")
  expect(case.state):is("held")
  expect(case.held_until):is(case.now + hours(24))
  case:veto()
  expect(case.state):is("vetoed")
end)

invariant("the password is always proven", function(case)
  return table.find(case.proven, "password") ~= nil
end)

invariant("nobody recovers on two things only that a thief of the telephone has", function(case)
  local proven = case.proven
  return table.find(proven, "voice") == nil or table.find(proven, "email") ~= nil
end)
