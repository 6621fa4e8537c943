-- Tests of default.lua: every way that the shipped policy leads people.
--
-- Run them with `readmit policy test`. Change default.lua as you like, and they say what has changed for people; then
-- change them too. README.md beside this file explains every word.

-- What holds whatever happens

invariant("nobody is let in on fewer than two proofs", function(case)
  return #case.proven >= 2
end)

invariant("a device that leaves the account takes the password with it, if it may be in the wrong hands", function(case)
  local exposed = case.reason == "lost" or case.reason == "stolen"
  return not exposed or (case.outcome.device == "deactivate" and case.outcome.force_password_change and case.outcome.revoke_sessions)
end)

invariant("only a theft is held", "held", function(case)
  return case.reason == "stolen" and case.held_until <= case.now + hours(24)
end)

invariant("whoever waits for people is told whom for", "escalated", function(case)
  return (case.to == "support" or case.to == "administrator") and #case.because > 0
end)

-- What must be proven

local losses = { { "lost" }, { "stolen" }, { "damaged" }, { "not_working" } }

cases("{1}: the password, then e-mail, then a call", losses, function(row)
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
  expect(case.open):is {}
end)

cases("whoever cannot prove enough is sent to support: {because}", {
  { because = "no password on file", account = { has = { password = false } } },
  { because = "no verified e-mail address on file", account = { email = false } },
  { because = "no verified e-mail address on file", account = { email = { verified_at = false } } },
  { because = "no verified phone number on file", account = { phone = false } },
  { because = "no verified phone number on file", account = { phone = { verified_at = false } } },
  { because = "the phone on file was lost with the device", account = { phone = { on_lost_device = true } } },
}, function(row)
  for _, reason in { "lost", "stolen", "damaged", "not_working" } do
    local case = open { reason = reason, account = row.account }
    expect(case.state):is("escalated")
    expect(case.to):is("support")
    expect(case.because):is(row.because)
    expect(case.plan):is(nil)
  end
end)

test("a saved code stands in for a phone that was lost with the device", function()
  local case = open { account = { phone = { on_lost_device = true }, has = { recovery_codes = true } } }
  expect(case.plan):is("all { password, email, recovery_code }")
  case:prove("password"):prove("email"):prove("recovery_code")
  expect(case.state):is("recovered")
end)

test("saved codes alone change nothing", function()
  expect(open { account = { has = { recovery_codes = true } } }.plan):is("all { password, email, voice }")
end)

cases("a member is told to ask an administrator: {1}", { { "lost" }, { "stolen" }, { "damaged" }, { "not_working" }, { "out_of_sync" } }, function(row)
  local case = open { reason = row[1], account = { kind = "member" } }
  expect(case.state):is("escalated")
  expect(case.to):is("administrator")
  expect(case.because):is("members cannot reset their own device")
end)

test("any other kind of account is an owner's", function()
  expect(open { account = { kind = "contractor" } }.state):is("proving")
end)

-- A device that has drifted

test("a drifting device is put right without recovery", function()
  local case = open { reason = "out_of_sync" }
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.state):is("recovered")
  expect(case.outcome):is { device = "keep", force_password_change = false, revoke_sessions = false }
  expect(case.tasks):is { "sign_in" }
  case:sign_in()
  expect(case.state):is("completed")
end)

test("a drifting device needs no phone and no e-mail", function()
  local case = open { reason = "out_of_sync", account = { email = false, phone = false } }
  expect(case.state):is("proving")
end)

test("without a device there is nothing to put right", function()
  local case = open { reason = "out_of_sync", device = false }
  expect(case.to):is("support")
  expect(case.because):is("there is no device to put right")
end)

-- What happens to the account

local function recover(start)
  return open(start):prove("password"):prove("email"):prove("voice")
end

test("a lost device is deactivated, the password changed, sessions end", function()
  local case = recover { reason = "lost" }
  expect(case.state):is("recovered")
  expect(case.outcome):is {
    device = "deactivate",
    force_password_change = true,
    revoke_sessions = true,
    enroll_within = days(7),
  }
  expect(case.tasks):is { "sign_in", "change_password", "enroll" }
  case:sign_in():change_password():enroll()
  expect(case.state):is("completed")
end)

test("after a theft the owner has a day to object", function()
  local case = recover { reason = "stolen" }
  expect(case.state):is("held")
  expect(case.held_until):is(now + hours(24))
  case:wait(hours(24) - 1)
  expect(case.state):is("held")
  case:wait(1)
  expect(case.state):is("recovered")
  expect(case.outcome.force_password_change):is(true)
  expect(case.outcome.revoke_sessions):is(true)
  expect(case.tasks):contains("change_password")
end)

test("the owner objects", function()
  local case = recover { reason = "stolen" }
  expect(case.notices):at_least(1)
  case:wait(hours(3)):veto()
  expect(case.state):is("vetoed")
  expect(case):refuses("sign_in")
end)

cases("{reason}, {form}: device {device}", {
  { reason = "damaged", form = "virtual", device = "deactivate", enroll = true },
  { reason = "damaged", form = "hardware", device = "keep", enroll = false },
  { reason = "not_working", form = "virtual", device = "deactivate", enroll = true },
  { reason = "not_working", form = "hardware", device = "deactivate", enroll = true },
  { reason = "lost", form = "hardware", device = "deactivate", enroll = true },
}, function(row)
  local case = recover { reason = row.reason, device = { form = row.form } }
  expect(case.state):is("recovered")
  expect(case.outcome.device):is(row.device)
  expect(case.outcome.enroll_within):is(if row.enroll then days(7) else nil)
  expect(case.outcome.force_password_change):is(row.reason == "lost")
  expect(case.outcome.revoke_sessions):is(row.reason == "lost")
  expect(case.outcome.hold):is(nil)
end)

test("a damaged device that is not on file is none to keep", function()
  expect(recover { reason = "damaged", device = false }.outcome.device):is("deactivate")
end)

-- What fails

local in_calls = { "busy", "no_answer", "declined", "no_input", "wrong_digits", "hung_up", "rejected", "unreachable", "blocked", "invalid_number", "provider_error" }
local calls = {}
for _, disposition in in_calls do
  calls[#calls + 1] = { disposition }
end

cases("a call that ends as {1} may be tried again after a minute, and the third time support takes over", calls, function(row)
  local case = open {}
  case:prove("password"):prove("email"):fail("voice", row[1])
  expect(case.failures):is { { factor = "voice", disposition = row[1], count = 1, at = now } }
  expect(case):refuses("prove", "voice")
  case:wait(minutes(1) - 1)
  expect(case):refuses("prove", "voice")
  case:wait(1):fail("voice", row[1])
  expect(case.state):is("proving")
  case:wait(minutes(1)):fail("voice", row[1])
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is(`voice failed: {row[1]}`)
end)

test("two failures do not stand in the way", function()
  local case = open {}
  case:prove("password"):prove("email")
  case:fail("voice", "no_answer"):wait(minutes(1)):fail("voice", "wrong_digits"):wait(minutes(1)):prove("voice")
  expect(case.state):is("recovered")
end)

test("each factor has failures of its own", function()
  local case = open {}
  case:fail("password", "wrong_code"):wait(minutes(1)):prove("password")
  case:fail("email", "rejected"):wait(minutes(1)):fail("email", "unreachable"):wait(minutes(1)):prove("email")
  case:fail("voice", "busy")
  expect(#case.failures):is(4)
  expect(case.state):is("proving")
end)

test("a wrong password often enough leads to support", function()
  local case = open {}
  case:fail("password", "wrong_code"):wait(minutes(1)):fail("password", "wrong_code")
  expect(case.state):is("proving")
  case:wait(minutes(1)):fail("password", "wrong_code")
  expect(case.state):is("escalated")
  expect(case.because):is("password failed: wrong_code")
end)

test("an e-mail address that takes no mail leads to support", function()
  local case = open {}
  case:prove("password")
  case:fail("email", "invalid_address"):wait(minutes(1)):fail("email", "invalid_address")
  case:wait(minutes(1)):fail("email", "invalid_address")
  expect(case.because):is("email failed: invalid_address")
end)

test("a mistake or two cost nothing", function()
  local case = open {}
  case:mistake("password"):mistake("password"):prove("password")
  case:send("email"):mistake("email"):prove("email")
  expect(case.failures):is {}
  expect(case.open):is { "voice" }
end)

-- People

test("support lets somebody in with a pass", function()
  local case = open { account = { phone = false } }
  case:resolve("pass")
  expect(case.open):is { "pass" }
  case:prove("pass")
  expect(case.state):is("recovered")
  expect(case.outcome.device):is("deactivate")
end)

test("whoever has had enough asks for support, gives up, or lets the day pass", function()
  expect(open {}:prove("password"):ask_support().state):is("escalated")
  expect(open {}:cancel().state):is("cancelled")
  expect(open {}:wait(days(1)).state):is("expired")
end)

test("the policy never fails", function()
  for _, reason in { "lost", "stolen", "damaged", "not_working", "out_of_sync" } do
    for _, device in { true, false } do
      for _, kind in { "owner", "member", "" } do
        local case = open { reason = reason, device = device, account = { kind = kind } }
        expect(case.cause):is(nil)
        expect(case.alerts):is {}
      end
    end
  end
end)
