-- 2,000 tests of the shipped policy, in words that Readmit and (by authors_spec.lua) busted both know.
local reasons = { "lost", "stolen", "damaged", "not_working" }

for number = 1, 2000 do
  local has_phone = number % 3 ~= 0
  test("an owner, number " .. number, function()
    local case = open { reason = reasons[number % 4 + 1], account = { kind = "owner", phone = has_phone } }
    if has_phone then
      expect(case.state):is("proving")
      expect(case.plan):is("all { password, email, voice }")
    else
      expect(case.state):is("escalated")
      expect(case.to):is("support")
    end
  end)
end
