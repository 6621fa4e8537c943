-- Recovery with the help of somebody whom the person trusts (NIST SP 800-63B-4 §4.2.1.3).
--
-- For the realm `contacts`; copy it to another name to use it for another realm. A recovery contact gets a code by
-- e-mail and hands it over to the person, in person or by voice. The contact may be deceived, and the contact may be the
-- thief: so a contact alone lets nobody in, is asked last, and there is always a wait in which the owner can object.

-- The numbers. Change them here.
local wait_before_retry = minutes(2) -- before a failed step may be tried again
local failures_to_support = 3        -- at this failure of one step, support takes over
local hold_usual = hours(12)         -- in which the owner can say "this was not me"
local hold_if_stolen = hours(48)
local days_to_enroll = days(7)       -- in which a new device is to be set up

local policy = {}

local function support(because)
  return escalate { to = "support", because = because }
end

function policy.open(case)
  local account = case.account

  if case.reason == "out_of_sync" and case.device and account.has.password then
    return prove { "password", "resync" }
  end

  if not account.has.contacts then
    return support("no recovery contact on file")
  end

  -- What the person shows alone, before the contact is asked.
  local own = {}
  if account.email and account.email.verified_at and not account.email.same_mailbox_as_account then
    table.insert(own, "email")
  end
  if account.has.recovery_codes then
    table.insert(own, "recovery_code")
  end
  if #own == 0 then
    return support("a contact alone lets nobody in, and no other code can be had")
  end
  if not account.has.password then
    return prove { any(1, own), "contact" }
  end
  return prove { "password", any(1, own), "contact" }
end

function policy.failed(case, failure)
  -- The contact knows the code; whoever guesses at it has not spoken to them.
  if failure.factor == "contact" and failure.disposition == "wrong_code" then
    return support("the contact's code was guessed at")
  end
  if failure.count < failures_to_support then
    return retry { after = wait_before_retry }
  end
  return support(failure.factor .. " failed: " .. failure.disposition)
end

function policy.recovered(case)
  if table.find(case.proven, "resync") then
    return outcome { device = "keep" }
  end
  local exposed = case.reason == "lost" or case.reason == "stolen"
  return outcome {
    device = "deactivate",
    force_password_change = exposed,
    revoke_sessions = exposed,
    hold = case.reason == "stolen" and hold_if_stolen or hold_usual,
    enroll_within = days_to_enroll,
  }
end

return policy
