local M = {}
function M.in_group(account, name)
  for _, group in ipairs(account.groups) do
    if group == name then return true end
  end
  return false
end
function M.to_support(because)
  return escalate { to = "support", because = because }
end
M.limits = { tries = 3 }
return M
