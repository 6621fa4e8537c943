-- Tests of default.lua: every way through a recovery that the shipped policy decides.
--
-- Run them with `readmit policy test`, change default.lua as you like, and they say what has changed for people.

-- No way back in, whatever happens, with fewer than two proofs; a device that has only drifted counts as one.
invariant("nobody is let in on fewer than two proofs", function(case)
  return #case.proven >= 2
end)

invariant("a lost or stolen device is deactivated, and its password with it", function(case)
  if case.reason ~= "lost" and case.reason ~= "stolen" then
    return true
  end
  return case.outcome.device == "deactivate" and case.outcome.force_password_change and case.outcome.revoke_sessions
end)

invariant("after a theft the owner can always say no", "held", function(case)
  return case.reason == "stolen" and case.held_until > case.now - days(365)
end)

-- What must be proven

cases("{1}: password, then e-mail, then a call", { { "lost" }, { "stolen" }, { "damaged" }, { "not_working" } }, function(row)
  local case = open { reason = row[1] }
  expect(case.plan):is("all { password, email, voice }")
  expect(case.open):is { "password" }
  expect(case):refuses("prove", "email")
  expect(case):refuses("prove", "voice")
  case:prove("password")
  expect(case.open):is { "email" }
  expect(case):refuses("prove", "voice")
  case:prove("email")
  expect(case.open):is { "voice" }
  case:prove("voice")
  expect(case.proven):is { "password", "email", "voice" }
end)

-- Who does not go this way

cases("{kind}s are sent to their administrator, whatever the reason", {
  { kind = "member", reason = "lost" },
  { kind = "member", reason = "out_of_sync" },
}, function(row)
  local case = open { reason = row.reason, account = { kind = row.kind } }
  expect(case.state):is("escalated")
  expect(case.to):is("administrator")
  expect(case.because):is("members cannot reset their own device")
end)

cases("to support: {because}", {
  { because = "no password on file", from = { account = { has = { password = false } } } },
  { because = "no verified e-mail address on file", from = { account = { email = false } } },
  { because = "no verified e-mail address on file", from = { account = { email = { verified_at = false } } } },
  { because = "no verified phone number on file", from = { account = { phone = false } } },
  { because = "no verified phone number on file", from = { account = { phone = { verified_at = false } } } },
  { because = "the phone on file was lost with the device", from = { account = { phone = { on_lost_device = true } } } },
  { because = "there is no device to put right", from = { reason = "out_of_sync", device = false } },
}, function(row)
  local case = open(row.from)
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is(row.because)
end)

test("a saved code stands in for a phone that was lost with the device", function()
  local case = open { account = { phone = { on_lost_device = true }, has = { recovery_codes = true } } }
  expect(case.plan):is("all { password, email, recovery_code }")
  case:prove("password"):prove("email"):prove("recovery_code")
  expect(case.state):is("recovered")
end)

test("a saved code is not asked for while the phone is at hand", function()
  local case = open { account = { has = { recovery_codes = true } } }
  expect(case.plan):is("all { password, email, voice }")
end)

-- A step that fails

test("a step may be tried again after a minute, and at the third failure support takes over", function()
  local case = open {}
  case:prove("password"):prove("email")
  for _ = 1, 2 do
    case:fail("voice", "no_answer")
    expect(case.state):is("proving")
    case:wait(seconds(59))
    expect(case):refuses("prove", "voice")
    case:wait(seconds(1))
  end
  case:fail("voice", "busy")
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is("voice failed: busy")
end)

-- What happens to the account

local function recovered(from)
  local case = open(from)
  return case:prove("password"):prove("email"):prove("voice")
end

cases("{reason}: password change {exposed}, and seven days for a new device", {
  { reason = "lost", exposed = true },
  { reason = "damaged", exposed = false },
  { reason = "not_working", exposed = false },
}, function(row)
  local case = recovered { reason = row.reason }
  expect(case.state):is("recovered")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = row.exposed,
    revoke_sessions = row.exposed,
    enroll_within = days(7),
  }
end)

test("after a theft the owner has a day to say no", function()
  local case = recovered { reason = "stolen" }
  expect(case.state):is("held")
  expect(case.held_until):is(now + hours(24))
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = true,
    revoke_sessions = true,
    hold = hours(24),
    enroll_within = days(7),
  }
  case:wait(hours(24))
  expect(case.state):is("recovered")
  expect(case.tasks):is { "sign_in", "change_password", "enroll" }
end)

test("a veto within that day ends it", function()
  local case = recovered { reason = "stolen" }
  case:wait(hours(24) - 1):veto()
  expect(case.state):is("vetoed")
end)

test("a drifted device is put right and stays, for owners without a phone too", function()
  local case = open { reason = "out_of_sync", account = { phone = false } }
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.state):is("recovered")
  expect(case.outcome):is { device = "keep", force_password_change = false, revoke_sessions = false }
end)

cases("a {form} device that is {reason}: {fate}", {
  { form = "hardware", reason = "damaged", fate = "keep" },
  { form = "virtual", reason = "damaged", fate = "deactivate" },
  { form = "hardware", reason = "lost", fate = "deactivate" },
  { form = "hardware", reason = "not_working", fate = "deactivate" },
}, function(row)
  local case = recovered { reason = row.reason, device = { form = row.form } }
  expect(case.outcome.device):is(row.fate)
  expect(case.outcome.enroll_within):is(if row.fate == "keep" then nil else days(7))
end)

test("a damaged device that is not on file keeps nobody from a new one", function()
  local case = recovered { reason = "damaged", device = false }
  expect(case.outcome.device):is("deactivate")
end)
