-- A small team that knows its members, and has no phones on file.
--
-- For the realm `small_team`; copy it to another name to use it for another realm. Whoever kept their recovery codes
-- gets in with the password and one of them. Whoever did not asks two colleagues, who see or call the person before
-- they approve. Nobody can approve their own recovery, and two approvals are two people; the daemon sees to both.

-- The numbers. Change them here.
local colleagues = 2                 -- who approve for whoever has no recovery code
local often = 2                      -- recoveries in 90 days after which a colleague is asked in any case
local wait_before_retry = minutes(2) -- before a failed step may be tried again
local failures_to_people = 3         -- at this failure of one step, the team's administrator takes over
local hold_if_stolen = hours(12)     -- in which the owner can still say "this was not me"
local days_to_enroll = days(3)       -- in which a new device is to be set up

local policy = {}

local function administrator(because)
  return escalate { to = "administrator", because = because }
end

function policy.open(case)
  local account = case.account

  -- Without a password, somebody has to set one first.
  if not account.has.password then
    return administrator("no password on file")
  end

  if case.reason == "out_of_sync" then
    if not case.device then
      return administrator("there is no device to put right")
    end
    return prove { "password", "resync" }
  end

  -- A code from the drawer at home. Where a thief may have been at the drawer, or where this happens often, one
  -- colleague looks too.
  if account.has.recovery_codes then
    if case.reason == "stolen" or case.history.recovered_90d >= often then
      return prove { "password", "recovery_code", approvals(1) }
    end
    return prove { "password", "recovery_code" }
  end

  -- No code left: the team vouches. What is approved was asked for from the person's own mailbox.
  if not account.email or not account.email.verified_at then
    return administrator("neither recovery codes nor a verified e-mail address on file")
  end
  return prove { "password", "email", approvals(colleagues) }
end

function policy.failed(case, failure)
  if failure.count < failures_to_people then
    return retry { after = wait_before_retry }
  end
  return administrator(failure.factor .. " failed: " .. failure.disposition)
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
