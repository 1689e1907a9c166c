#!lua flags=no-writes,allow-oom
--[[
  Says what stands in the place of the log, and whether it is one whole log that more can be added to.

  Input
    KEYS[1]  log, a stream: id <epoch>-<seq>, fields line, hash
    ARGV[1]  id of an entry, 0-0 for the beginning
    ARGV[2]  its hash
  Output
    { mark, damage, last id, length, highest id, held }
    mark        changes with every write to the log; aside-8.lua computes it too
    damage      '' | type | gaps | cut
    highest id  the highest that the stream ever had, where this user may ask for it, else the last id
    held        'held' where the entry is there
]]
local log, id, hash = KEYS[1], ARGV[1], ARGV[2]
local is = redis.call('TYPE', log).ok
if is ~= 'stream' and is ~= 'none' then return { is, 'type', is, '0', '0-0', '' } end

local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local last, length, highest = newest and newest[1] or '0-0', redis.call('XLEN', log), nil
if is == 'stream' and redis.acl_check_cmd('XINFO', 'STREAM', log) then
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then highest = info[i + 1] end
  end
end
local mark = table.concat({ is, last, length, highest or '', newest and redis.sha1hex(table.concat(newest[2], '\n')) or '' }, ' ')

local damage = ''
if length ~= tonumber(string.match(last, '%d+$')) then damage = 'gaps'
elseif highest and highest ~= last then damage = 'cut' end

local there = id ~= '0-0' and redis.call('XRANGE', log, id, id)[1]
local held = (id == '0-0' or (there and there[2][4] == hash)) and 'held' or ''
return { mark, damage, last, tostring(length), highest or last, held }
