-- A bank: every recovery waits before it takes effect, two people look at the risky ones, and what was changed a moment
-- ago proves nothing.
--
-- For the realm `bank`; copy it to another name to use it for another realm. Groups and attributes come from the bank's
-- own directory: the group `private_banking`, the attribute `status` (`closed` when the account is). Where people
-- decide, they are told why: `fraud` is the desk that looks into attacks, `branch` sees customers in person.

-- The numbers. Change them here.
local fresh = days(14)               -- an address or number that was changed since then proves nothing
local opened_to_fraud = 3            -- recoveries opened in 24 hours before this one
local recovered_to_branch = 1        -- recoveries in 90 days before this one
local guesses_to_fraud = 2           -- at this loss of one step to wrong codes, the fraud desk takes over
local failures_to_support = 4        -- at this failure of one step for other causes, support takes over
local troubled = 3                   -- after this many failures, over all steps, two people look at the proofs too
local wait_before_retry = minutes(5) -- before a failed step may be tried again
local people = 2                     -- who approve what is risky
local hold_usual = hours(4)          -- in which the owner can say "this was not me"
local hold_if_lost = hours(24)
local hold_if_stolen = hours(72)
local days_to_enroll = days(2)       -- in which a new device is to be set up

-- Where the bank's customers live. A number from elsewhere is not called.
local regions = { "US", "CA", "GB", "IE" }

local policy = {}

local function to(whom, because)
  return escalate { to = whom, because = because }
end

-- Whether a number or an address proves anything: confirmed, and not changed a moment ago. A thief who got into the
-- account changes them first.
local function settled(case, address)
  if not address.verified_at then
    return false
  end
  return not address.changed_at or case.now - address.changed_at >= fresh
end

-- Whether two people look at the proofs, whatever happens on the way.
local function risky(case)
  return case.reason == "stolen" or table.find(case.account.groups, "private_banking") ~= nil
end

function policy.open(case)
  local account = case.account

  if account.attributes.status == "closed" then
    return deny { because = "the account is closed" }
  end
  if case.history.opened_24h >= opened_to_fraud then
    return to("fraud", "opened too often in a day")
  end
  if case.history.recovered_90d >= recovered_to_branch then
    return to("branch", "recovered not long ago")
  end
  if not account.has.password then
    return to("branch", "no password on file")
  end

  if case.reason == "out_of_sync" and case.device then
    return prove { "password", "resync" }
  end

  -- The mailbox is always asked, and must open without the device that is gone.
  if not account.email or not settled(case, account.email) then
    return to("branch", "no settled e-mail address on file")
  end
  if account.email.same_mailbox_as_account then
    return to("branch", "the mailbox is behind the account itself")
  end

  local steps = { "password", "email" }
  local phone = account.phone
  if phone and settled(case, phone) and not phone.on_lost_device and table.find(regions, phone.country) then
    table.insert(steps, "voice")
  elseif account.has.recovery_codes then
    table.insert(steps, "recovery_code")
  else
    return to("branch", "neither a number that may be called nor recovery codes")
  end
  if risky(case) then
    table.insert(steps, approvals(people))
  end
  return prove(steps)
end

-- The last step was proven, but with trouble on the way: two people look before it counts.
function policy.proved(case, factor)
  if (factor == "voice" or factor == "recovery_code") and #case.failures >= troubled and not risky(case) then
    return prove { approvals(people) }
  end
  return nil
end

function policy.failed(case, failure)
  local guessed = failure.disposition == "wrong_code" or failure.disposition == "wrong_digits"
  if guessed and failure.count >= guesses_to_fraud then
    return to("fraud", failure.factor .. " was guessed at")
  end
  if failure.count < failures_to_support then
    return retry { after = wait_before_retry }
  end
  return to("support", failure.factor .. " failed: " .. failure.disposition)
end

function policy.recovered(case)
  if table.find(case.proven, "resync") then
    return outcome { device = "keep" }
  end
  local exposed = case.reason == "lost" or case.reason == "stolen"
  local hold = hold_usual
  if case.reason == "stolen" then
    hold = hold_if_stolen
  elseif case.reason == "lost" then
    hold = hold_if_lost
  end
  return outcome {
    device = "deactivate",
    force_password_change = exposed,
    revoke_sessions = true,
    hold = hold,
    enroll_within = days_to_enroll,
  }
end

return policy
