-- Helpers without types, sets, tables that are put together, texts.
local calm = { busy = true, no_answer = true }
local waits = { lost = hours(1), stolen = hours(2) }
local allowed = { "US", "DE" }
local countries = {}
for _, country in allowed do
  countries[country] = true
end
local strikes: { [string]: number } = { owner = 1 }

local policy = {}

local function has_email(case)
  return case.account.email ~= nil and case.account.email.verified_at ~= nil
end

local function contains(list, word)
  for _, item in ipairs(list) do
    if item == word then
      return true
    end
  end
  return false
end

local function is_in(groups, name)
  return table.find(groups, name) ~= nil
end

local function hold_for(case)
  if case.reason == "stolen" then
    return hours(24)
  end
  return nil
end

local function is_fresh(at, now)
  return at ~= nil and now - at < days(3)
end

local function support(because: string)
  return escalate { to = "support", because = because }
end

function policy.open(case)
  local account, phone = case.account, case.account.phone
  if has_email(case) and waits[case.reason] then
    return deny "wait"
  end
  if contains(account.groups, "admins") or is_in(account.groups, "staff") then
    return deny { because = "ask a colleague" }
  end
  if phone and countries[phone.country] then
    return support("country")
  end
  if phone and (is_fresh(phone.changed_at, case.now) or phone.changed_at and case.now - phone.changed_at < days(3)) then
    return support("the number was changed a moment ago")
  end
  if strikes[account.kind] == 1 or account.attributes.vip == "yes" then
    return deny "a special account"
  end
  if not account.phone or not account.phone.country then
    return deny "no phone"
  end
  if account.phone.country:sub(1, 1) == "U" then
    return if case.client.known then deny "known" else support("unknown")
  end
  for at = 1, #case.proven do
    if case.proven[at] == "email" then
      return deny "twice"
    end
  end
  for _, failure in case.failures do
    if failure.factor == "voice" and failure.count > 2 then
      return deny(`too many {failure.factor}`)
    end
  end
  local names = {}
  for name, value in account.attributes do
    names[name] = value
  end
  local ok, why = pcall(function()
    error("no")
  end)
  if not ok then
    return deny("failed: " .. tostring(why))
  end
  local factors = { "password" }
  factors[#factors + 1] = "email"
  table.insert(factors, any(1, { "voice", "recovery_code" }))
  return prove(factors)
end

function policy.failed(case, failure)
  if calm[failure.disposition] then
    return retry { after = minutes(failure.count * 5) }
  elseif failure.count < 3 then
    return retry { after = minutes(math.max(1, 2)) }
  else
    return support("the " .. failure.factor .. " failed: " .. failure.disposition .. " " .. failure.count)
  end
end

function policy.recovered(case)
  local what = { device = "deactivate", enroll_within = days(7) }
  if case.reason == "stolen" then
    what.hold = hours(24)
  end
  if case.now > 5 then
    return outcome(what)
  end
  local keep = case.device and case.device.form == "hardware"
  return outcome {
    device = keep and "keep" or "deactivate",
    hold = hold_for(case),
    force_password_change = case.reason == "stolen",
  }
end

return policy
