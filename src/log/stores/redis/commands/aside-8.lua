#!lua flags=allow-oom
--[[
  Moves what is not the service's aside, so that the log can be put in its place again: a flags or meta key of another type
  always, the log if and only if it still is what was seen. Of two instances one moves it, and none moves a log that was
  just mended. What is moved overwrites what was moved before it.

  Input
    KEYS[1]  log, a stream
    KEYS[2]  flags, a hash
    KEYS[3]  meta, a hash, or of a log that is signed a stream
    KEYS[4]  about, a hash
    KEYS[5]  where the log is moved to
    KEYS[6]  where flags is moved to
    KEYS[7]  where meta is moved to
    KEYS[8]  where about is moved to
    ARGV[1]  mark of the log, as examine-1.lua gave it; '' leaves the log where it is
  Output
    { 'moved', key, ... }
    { 'other', mark }                            the log has changed since, and stays
]]
local log, mark = KEYS[1], ARGV[1]
local moved = { 'moved' }

local function move(from, to)
  if not redis.acl_check_cmd('RENAME', from, to) then
    return redis.error_reply('NOPERM this user may not RENAME ' .. from .. ': ACL SETUSER <user> +xinfo|stream '
      .. '(+rename ~killswitch:*:log ~killswitch:*:flags ~killswitch:*:meta ~killswitch:*:about ~killswitch:*:damaged:*)')
  end
  redis.call('RENAME', from, to)
  moved[#moved + 1] = from
end

if mark ~= '' then
  local is, now = redis.call('TYPE', log).ok, nil
  if is == 'stream' or is == 'none' then
    local newest, highest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1], ''
    if is == 'stream' and redis.acl_check_cmd('XINFO', 'STREAM', log) then
      local info = redis.call('XINFO', 'STREAM', log)
      for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then highest = info[i + 1] end
      end
    end
    local last, digest = newest and newest[1] or '0-0', newest and redis.sha1hex(table.concat(newest[2], '\n')) or ''
    now = table.concat({ is, last, redis.call('XLEN', log), highest, digest }, ' ')
  else
    now = is
  end
  if now ~= mark or is == 'none' then return { 'other', now } end
  local refused = move(log, KEYS[5])
  if refused then return refused end
end

for i = 2, 4 do
  local is = redis.call('TYPE', KEYS[i]).ok
  if is ~= 'hash' and is ~= 'none' and not (i == 3 and is == 'stream') then
    local refused = move(KEYS[i], KEYS[i + 4])
    if refused then return refused end
  end
end
return moved
