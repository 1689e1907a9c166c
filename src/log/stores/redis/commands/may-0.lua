#!lua flags=no-writes,allow-oom
--[[
  Says which of the commands named the connected user may run. Nothing is run, and no right to ACL itself is needed.

  Input
    ARGV     commands, each with its arguments after spaces
  Output
    those this user may run
]]
local allowed = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%S+') do words[#words + 1] = word end
  if redis.acl_check_cmd(unpack(words)) then allowed[#allowed + 1] = command end
end
return allowed
