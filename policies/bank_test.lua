-- The bank: who gets in, who waits, and who is sent to people.

-- A customer whose device is broken; a test says what is different.
local function customer(account, reason)
  return open { reason = reason or "damaged", account = account }
end

test("the usual way: password, e-mail, phone, and a wait", function()
  local case = customer()
  expect(case.plan):is("all { password, email, voice }")
  case:prove("password"):prove("email"):prove("voice")
  expect(case.state):is("held")
  case:wait(hours(4) - 1)
  expect(case.state):is("held")
  case:wait(1)
  expect(case.state):is("recovered")
end)

cases("{reason}: what happens to the account", {
  { reason = "lost", exposed = true, hold = hours(24) },
  { reason = "damaged", exposed = false, hold = hours(4) },
  { reason = "not_working", exposed = false, hold = hours(4) },
}, function(row)
  local case = customer(nil, row.reason)
  case:prove("password"):prove("email"):prove("voice")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = row.exposed,
    revoke_sessions = true,
    hold = row.hold,
    enroll_within = days(2),
  }
end)

test("stolen: two people look, and three days pass", function()
  local case = customer(nil, "stolen")
  expect(case.plan):is("all { password, email, voice, approvals(2) }")
  case:prove("password"):prove("email"):prove("voice"):approve("ann")
  expect(case.state):is("proving")
  case:approve("bob")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = true,
    revoke_sessions = true,
    hold = hours(72),
    enroll_within = days(2),
  }
  case:veto()
  expect(case.state):is("vetoed")
end)

test("two people look at private banking", function()
  local case = customer { groups = { "customers", "private_banking" } }
  expect(case.plan):is("all { password, email, voice, approvals(2) }")
end)

test("a closed account is closed", function()
  local case = customer { attributes = { status = "closed" } }
  expect(case.state):is("denied")
  expect(case.because):is("the account is closed")
  expect(customer({ attributes = { status = "open" } }).state):is("proving")
end)

cases("to {to}: {because} ({at})", {
  { to = "fraud", because = "opened too often in a day", at = 3, from = { history = { opened_24h = 3 } } },
  { to = "branch", because = "recovered not long ago", at = 1, from = { history = { recovered_90d = 1 } } },
  { to = "branch", because = "no password on file", at = "", from = { account = { has = { password = false } } } },
  { to = "branch", because = "no settled e-mail address on file", at = "none", from = { account = { email = false } } },
  { to = "branch", because = "no settled e-mail address on file", at = "unconfirmed",
    from = { account = { email = { verified_at = false } } } },
  { to = "branch", because = "no settled e-mail address on file", at = "13 days",
    from = { account = { email = { changed_at = now - days(14) + 1 } } } },
  { to = "branch", because = "the mailbox is behind the account itself", at = "",
    from = { account = { email = { same_mailbox_as_account = true } } } },
  { to = "branch", because = "neither a number that may be called nor recovery codes", at = "none",
    from = { account = { phone = false } } },
  { to = "branch", because = "no settled e-mail address on file", at = "out of sync, no device",
    from = { reason = "out_of_sync", device = false, account = { email = false } } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("escalated")
  expect(case.to):is(row.to)
  expect(case.because):is(row.because)
end)

cases("not yet to people: {what}", {
  { what = "opened twice", from = { history = { opened_24h = 2 } } },
  { what = "an address of 14 days", from = { account = { email = { changed_at = now - days(14) } } } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("proving")
  expect(case.open):is { "password" }
end)

-- A number that is not called; then a saved code stands in, or the branch.
cases("not called: {why}", {
  { why = "none on file", phone = false },
  { why = "unconfirmed", phone = { verified_at = false } },
  { why = "changed 13 days ago", phone = { changed_at = now - days(14) + 1 } },
  { why = "on the lost device", phone = { on_lost_device = true } },
  { why = "another region", phone = { country = "FR" } },
  { why = "nobody knows where", phone = { country = false } },
}, function(row)
  local case = customer { phone = row.phone, has = { recovery_codes = true } }
  expect(case.plan):is("all { password, email, recovery_code }")
  local without = customer { phone = row.phone }
  expect(without.to):is("branch")
  expect(without.because):is("neither a number that may be called nor recovery codes")
end)

cases("called in {country}", {
  { country = "US" }, { country = "CA" }, { country = "GB" }, { country = "IE" },
}, function(row)
  local case = customer { phone = { country = row.country, changed_at = now - days(14) } }
  expect(case.plan):is("all { password, email, voice }")
end)

test("a drifted device is put right at once", function()
  local case = customer(nil, "out_of_sync")
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.state):is("recovered")
  expect(case.outcome.device):is("keep")
  expect(case.outcome.revoke_sessions):is(false)
  expect(case.outcome.hold):is(nil)
end)

test("out of sync without a device on file is a recovery", function()
  local case = open { reason = "out_of_sync", device = false }
  expect(case.plan):is("all { password, email, voice }")
end)

-- Loses a step to wrong codes or digits: the second time, somebody looks.
cases("guessing at {factor} ends at the fraud desk", {
  { factor = "email", before = { "password" }, how = "wrong_code" },
  { factor = "voice", before = { "password", "email" }, how = "wrong_digits" },
}, function(row)
  local case = customer()
  for _, factor in row.before do
    case:prove(factor)
  end
  case:fail(row.factor, row.how)
  expect(case.state):is("proving")
  case:wait(minutes(5))
  case:fail(row.factor, row.how)
  expect(case.state):is("escalated")
  expect(case.to):is("fraud")
  expect(case.because):is(row.factor .. " was guessed at")
end)

test("a failed step waits five minutes, and the fourth goes to support", function()
  local case = customer()
  case:prove("password"):prove("email")
  for _ = 1, 3 do
    case:fail("voice", "no_answer")
    case:wait(minutes(5) - 1)
    expect(case):refuses("prove", "voice")
    case:wait(1)
  end
  case:fail("voice", "busy")
  expect(case.to):is("support")
  expect(case.because):is("voice failed: busy")
end)

-- Trouble on the way brings two people in, whichever step is the last.
cases("after {failures} failures: {plan}", {
  { failures = 2, plan = "all { password, email, voice }", phone = true, last = "voice" },
  { failures = 3, plan = "all { password, email, voice, approvals(2) }", phone = true, last = "voice" },
  { failures = 3, plan = "all { password, email, recovery_code, approvals(2) }", phone = false, last = "recovery_code" },
}, function(row)
  local case = customer { phone = row.phone, has = { recovery_codes = true } }
  case:prove("password")
  for _ = 1, row.failures do
    case:fail("email", "rejected"):wait(minutes(5))
  end
  case:prove("email")
  expect(case.plan):is("all { password, email, " .. row.last .. " }")
  case:prove(row.last)
  expect(case.plan):is(row.plan)
  if row.failures == 3 then
    expect(case.state):is("proving")
    case:approve("ann"):approve("bob")
  end
  expect(case.state):is("held")
end)

test("two people who look anyway are not asked twice", function()
  local case = customer(nil, "stolen")
  case:prove("password")
  for _ = 1, 3 do
    case:fail("email", "rejected"):wait(minutes(5))
  end
  case:prove("email"):prove("voice")
  expect(case.plan):is("all { password, email, voice, approvals(2) }")
  case:approve("ann"):approve("bob")
  expect(case.state):is("held")
end)

local function proven(case, factor)
  return table.find(case.proven, factor) ~= nil
end

invariant("nothing but putting a device right takes effect at once", function(case)
  return proven(case, "resync") or case.outcome.hold ~= nil
end)

invariant("the mailbox and the password are always proven", function(case)
  return proven(case, "password") and (proven(case, "email") or proven(case, "resync"))
end)

invariant("after a theft two people have looked", function(case)
  return case.reason ~= "stolen" or #case.approvals >= 2
end)

invariant("sessions end", function(case)
  return proven(case, "resync") or case.outcome.revoke_sessions
end)

invariant("who recovered not long ago recovers in person", function(case)
  return case.history.recovered_90d == 0
end)
