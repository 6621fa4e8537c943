-- Who gets back in at Ginkgo, and how.
--
-- Staff recover alone, with the password and a saved code, or with the password, their mailbox and their telephone.
-- Whose telephone went with the device has a colleague vouch. Freelancers have no password of ours to prove: they ask
-- whoever hired them.

-- The numbers. Change them here.
local tries = 3                       -- failures of one step before people take over
local wait_before_retry = minutes(1)  -- before a failed step may be tried again
local hold_if_stolen = hours(24)      -- in which the owner can still say "this was not me"
local days_to_enroll = days(7)        -- in which a new device is to be set up

local policy = {}

local function support(because)
  return escalate { to = "support", because = because }
end

function policy.open(case)
  local account = case.account

  if account.kind ~= "owner" then
    return escalate { to = "administrator", because = "freelancers ask whoever hired them" }
  end
  if not account.has.password then
    return support("no password on file")
  end
  if case.reason == "out_of_sync" then
    if not case.device then
      return support("there is no device to put right")
    end
    return prove { "password", "resync" }
  end

  if account.has.recovery_codes then
    return prove { "password", "recovery_code" }
  end
  if not account.email then
    return support("neither a saved code nor a verified e-mail address on file")
  end
  if account.phone and not account.phone.on_lost_device then
    return prove { "password", "email", "voice" }
  end
  return prove { "password", "email", approvals(1) }
end

function policy.failed(case, failure)
  if failure.count < tries then
    return retry { after = wait_before_retry }
  end
  return support(failure.factor .. " failed: " .. failure.disposition)
end

function policy.recovered(case)
  if case.reason == "out_of_sync" then
    return outcome { device = "keep" }
  end
  local exposed = case.reason == "lost" or case.reason == "stolen"
  return outcome {
    device = "deactivate",
    force_password_change = exposed,
    revoke_sessions = exposed,
    hold = case.reason == "stolen" and hold_if_stolen or nil,
    enroll_within = days_to_enroll,
  }
end

return policy
