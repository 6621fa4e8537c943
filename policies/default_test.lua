-- Tests of default.lua: every way through a recovery that the shipped policy decides.
--
-- Run them with `readmit policy test`, change default.lua as you like, and they say what has changed for people.

local kinds_of_loss = { "lost", "stolen", "damaged", "not_working" }

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
