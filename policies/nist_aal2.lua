-- NIST SP 800-63B-4 by the book, for accounts that sign in at AAL2.
--
-- For the realm `nist_aal2`; copy it to another name to use it for another realm. Each rule names the section that it
-- comes from. The person chooses among all ways that the standard allows and that are on file: two recovery codes by
-- different methods, or one recovery code and one authenticator that they still have. Numbers that the standard gives
-- for codes (their length, their life, how often they may be tried) are kept by the daemon, whatever a policy says.

-- The numbers. Change them here.
local longer_wait = minutes(1)    -- how much longer the wait is after each failure of a step
local failures_to_support = 3     -- at this failure of one step, support takes over
local days_to_enroll = days(7)    -- in which a new authenticator is to be bound

local policy = {}

-- Support repeats a part of the identity proofing (§4.2.1.4).
local function proofing(because)
  return escalate { to = "support", because = because }
end

-- Recovery codes that the account can get, one entry for each method. Two codes by the same method are one.
local function codes(account)
  local methods = {}
  -- Saved recovery codes (§4.2.1.1).
  if account.has.recovery_codes then
    table.insert(methods, "recovery_code")
  end
  -- Issued recovery codes, to an address that was confirmed (§4.2.1.2). The person chooses the address.
  local addresses = {}
  if account.email and account.email.verified_at then
    table.insert(addresses, "email")
  end
  if account.phone and account.phone.verified_at and not account.phone.on_lost_device then
    table.insert(addresses, "voice")
  end
  if #addresses > 0 then
    table.insert(methods, any(1, addresses))
  end
  -- Recovery contacts (§4.2.1.3).
  if account.has.contacts then
    table.insert(methods, "contact")
  end
  return methods
end

-- Single-factor authenticators that are still bound to the account: a password, another device.
local function authenticators(account)
  local bound = {}
  if account.has.password then
    table.insert(bound, "password")
  end
  if account.has.other_devices then
    table.insert(bound, "totp")
  end
  return bound
end

function policy.open(case)
  local account = case.account

  -- Whoever was proofed at IAL3 comes in person: a biometric comparison, which nothing here can replace (§4.2.2.3).
  if account.attributes.ial == "3" then
    return proofing("proofed at IAL3: a biometric comparison in person is needed (§4.2.2.3)")
  end

  -- Not a recovery at all: both authenticators are there, and one of them has drifted.
  if case.reason == "out_of_sync" and case.device and account.has.password then
    return prove { "password", "resync" }
  end

  -- §4.2.2.2: two codes by different methods, or one code and one bound authenticator.
  local methods, bound = codes(account), authenticators(account)
  local ways = {}
  if #methods >= 1 and #bound >= 1 then
    table.insert(ways, all { any(1, bound), any(1, methods) })
  end
  if #methods >= 2 then
    table.insert(ways, any(2, methods))
  end
  if #ways == 0 then
    return proofing("no two methods of §4.2.2.2 are on file")
  end
  return prove(any(1, ways))
end

-- A step failed. Other ways stay open; the same one may be tried again after a wait that grows (§3.2.2).
function policy.failed(case, failure)
  if failure.count < failures_to_support then
    return retry { after = failure.count * longer_wait }
  end
  return proofing(failure.factor .. " failed: " .. failure.disposition)
end

function policy.recovered(case)
  -- Put right by its own two codes, it was never out of its owner's control.
  if table.find(case.proven, "resync") then
    return outcome { device = "keep" }
  end
  -- An authenticator that is lost, stolen, damaged or malfunctioning counts as compromised, hardware in repair too
  -- (§4.3). Everyone on file is told of every recovery by the daemon (§4.2.3).
  local exposed = case.reason == "lost" or case.reason == "stolen"
  return outcome {
    device = "deactivate",
    force_password_change = exposed,
    revoke_sessions = exposed,
    enroll_within = days_to_enroll,
  }
end

return policy
