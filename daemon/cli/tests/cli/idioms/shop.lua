local function open(case)
  if case.device == nil then return escalate { to = "support", because = "none" } end
  local form = case.device.form
  local ok, why = pcall(function() return form == "hardware" end)
  if not ok then return deny(tostring(why)) end
  if case.device.label:find("test") then return deny "test" end
  local age = (case.now - case.device.enrolled_at) / 86400
  local factors = if age > 30 then { "password", "email" } else { "password" }
  return prove(factors)
end
local function failed(case, failure)
  for _, old in ipairs(case.failures) do
    if old.factor == failure.factor and old.at > case.now - hours(1) then
      return escalate { to = "support", because = "twice" }
    end
  end
  if #case.failures > 3 then return deny("too many: " .. #case.failures) end
  return retry { after = math.min(minutes(10), minutes(failure.count)) }
end
return { open = open, failed = failed }
