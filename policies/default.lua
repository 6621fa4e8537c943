-- The rules by which people get back in after they lose their second factor.
--
-- This file is the policy for every realm that has no file of its own. Save it, and the next case follows it; a
-- mistake is refused with its line, and the rules before it stay in force. README.md beside it lists everything
-- that a policy can ask and answer. Lines that begin with two dashes are remarks.

-- The numbers. Change them here.
local wait_before_retry = minutes(1) -- before a failed step may be tried again
local failures_to_support = 3        -- at this failure of one step, support takes over
local days_to_enroll = days(7)       -- in which a new device is to be set up
local hold_if_stolen = hours(24)     -- in which the owner can still say "this was not me"

local policy = {}

local function support(because)
  return escalate { to = "support", because = because }
end

-- A case opens. What must be proven?
function policy.open(case)
  local account = case.account

  -- Members do not recover by themselves: their administrator deactivates the device.
  if account.kind == "member" then
    return escalate { to = "administrator", because = "members cannot reset their own device" }
  end

  if not account.has.password then
    return support("no password on file")
  end

  -- The device works, but its clock has drifted: two codes of it put it right.
  if case.reason == "out_of_sync" then
    if not case.device then
      return support("there is no device to put right")
    end
    return prove { "password", "resync" }
  end

  if not account.email or not account.email.verified_at then
    return support("no verified e-mail address on file")
  end
  if not account.phone or not account.phone.verified_at then
    return support("no verified phone number on file")
  end

  -- A phone that was lost with the device would ring in the wrong hands.
  if account.phone.on_lost_device then
    if account.has.recovery_codes then
      return prove { "password", "email", "recovery_code" }
    end
    return support("the phone on file was lost with the device")
  end

  return prove { "password", "email", "voice" }
end

-- A step failed: no answer, wrong digits too often, mail refused. What now?
function policy.failed(case, failure)
  if failure.count < failures_to_support then
    return retry { after = wait_before_retry }
  end
  return support(failure.factor .. " failed: " .. failure.disposition)
end

-- Everything is proven. What happens to the account?
function policy.recovered(case)
  -- The device has just been put right.
  if case.reason == "out_of_sync" then
    return outcome { device = "keep" }
  end

  -- A hardware device in repair comes back: it stays on file, and the person is let in without it this once.
  if case.reason == "damaged" and case.device and case.device.form == "hardware" then
    return outcome { device = "keep" }
  end

  -- Whoever has the device may know the password too.
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
