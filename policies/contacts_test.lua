-- Recovery with the help of a contact.

local function person(has, email)
  return { email = email, phone = false, has = has }
end

test("the contact is asked last, and the owner has half a day to object", function()
  local case = open { account = person { contacts = true } }
  expect(case.plan):is("all { password, any(1, { email }), contact }")
  expect(case):refuses("prove", "contact")
  case:prove("password")
  expect(case):refuses("prove", "contact")
  case:prove("email"):prove("contact")
  expect(case.state):is("held")
  case:wait(hours(12) - 1)
  expect(case.state):is("held")
  case:wait(1)
  expect(case.state):is("recovered")
end)

cases("own part: {own}", {
  { own = "e-mail or code", account = person { contacts = true, recovery_codes = true },
    plan = "all { password, any(1, { email, recovery_code }), contact }" },
  { own = "code, no e-mail", account = person({ contacts = true, recovery_codes = true }, false),
    plan = "all { password, any(1, { recovery_code }), contact }" },
  { own = "code, unconfirmed e-mail",
    account = person({ contacts = true, recovery_codes = true }, { verified_at = false }),
    plan = "all { password, any(1, { recovery_code }), contact }" },
  { own = "code, e-mail behind the account",
    account = person({ contacts = true, recovery_codes = true }, { same_mailbox_as_account = true }),
    plan = "all { password, any(1, { recovery_code }), contact }" },
  { own = "no password", account = person { contacts = true, password = false },
    plan = "all { any(1, { email }), contact }" },
}, function(row)
  local case = open { account = row.account }
  expect(case.plan):is(row.plan)
end)

cases("to support: {because}", {
  { because = "no recovery contact on file", from = { account = person { recovery_codes = true } } },
  { because = "a contact alone lets nobody in, and no other code can be had",
    from = { account = person({ contacts = true }, false) } },
  { because = "a contact alone lets nobody in, and no other code can be had",
    from = { account = person({ contacts = true, password = false }, false) } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is(row.because)
end)

test("whoever guesses at the contact's code has not spoken to them", function()
  local case = open { account = person { contacts = true } }
  case:prove("password"):prove("email"):fail("contact", "wrong_code")
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is("the contact's code was guessed at")
end)

test("the person's own mistakes are forgiven twice", function()
  local case = open { account = person { contacts = true } }
  case:prove("password")
  for _ = 1, 2 do
    case:fail("email", "wrong_code")
    case:wait(minutes(2) - 1)
    expect(case):refuses("prove", "email")
    case:wait(1)
  end
  case:fail("email", "wrong_code")
  expect(case.to):is("support")
  expect(case.because):is("email failed: wrong_code")
end)

test("a contact who cannot be reached is asked again, twice", function()
  local case = open { account = person { contacts = true } }
  case:prove("password"):prove("email")
  case:fail("contact", "rejected"):wait(minutes(2)):fail("contact", "rejected"):wait(minutes(2))
  expect(case.state):is("proving")
  case:fail("contact", "rejected")
  expect(case.because):is("contact failed: rejected")
end)

cases("{reason} leaves the account in order", {
  { reason = "lost", exposed = true, hold = hours(12) },
  { reason = "stolen", exposed = true, hold = hours(48) },
  { reason = "damaged", exposed = false, hold = hours(12) },
  { reason = "not_working", exposed = false, hold = hours(12) },
}, function(row)
  local case = open { reason = row.reason, account = person { contacts = true } }
  case:prove("password"):prove("email"):prove("contact")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = row.exposed,
    revoke_sessions = row.exposed,
    hold = row.hold,
    enroll_within = days(7),
  }
end)

test("the owner objects", function()
  local case = open { account = person { contacts = true } }
  case:prove("password"):prove("email"):prove("contact"):veto()
  expect(case.state):is("vetoed")
end)

test("a drifted device is put right", function()
  local case = open { reason = "out_of_sync" }
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.outcome.device):is("keep")
  expect(case.outcome.enroll_within):is(nil)
end)

cases("out of sync without {lacks} is a recovery", {
  { lacks = "a device", from = { reason = "out_of_sync", device = false, account = person { contacts = true } } },
  { lacks = "a password",
    from = { reason = "out_of_sync", account = person { contacts = true, password = false } } },
}, function(row)
  expect(open(row.from).plan):contains("contact")
end)

local function proven(case, factor)
  return table.find(case.proven, factor) ~= nil
end

invariant("a contact alone lets nobody in", function(case)
  return not proven(case, "contact") or proven(case, "email") or proven(case, "recovery_code")
end)

invariant("without the device itself, a contact has helped", function(case)
  return proven(case, "resync") or proven(case, "contact")
end)

invariant("the owner has time to object", function(case)
  return proven(case, "resync") or case.outcome.hold ~= nil
end)
