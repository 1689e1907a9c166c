#!lua flags=no-writes,allow-oom
--[[
  Says which of the commands named the connected user may run. Nothing is run, and no right to ACL itself is needed.

  Input
    ARGV     names of commands that take no argument
  Output
    the names this user may run
]]
local allowed = {}
for _, name in ipairs(ARGV) do
  if redis.acl_check_cmd(name) then allowed[#allowed + 1] = name end
end
return allowed
