// Changes the replica set of this container to match members.json, one member at a time. Exits with 0 once it matches.
// The index of a container is the id of its member: it stays the same when Rancher replaces the container.
(function () {
    var NOT_YET_INITIALIZED = 94;
    var wanted = JSON.parse(cat('/etc/mongod/members.json'));
    var key = cat('/etc/mongod/key').replace(/\s/g, '');

    function login(connection) {
        // The internal account of the members. Before the set is initiated, it does not exist and is not needed.
        try { connection.getDB('local').auth('__system', key); } catch (error) { /* not yet */ }
        return connection.getDB('admin');
    }

    function nameOfSet(host) {
        return new Mongo(host).getDB('admin').runCommand({isMaster: 1}).setName; // throws when nobody answers
    }

    function begin() {
        if (wanted.self !== wanted.first) { quit(1); }
        // A first member that has lost its data must not initiate a second set: it waits until the others add it.
        for (var id in wanted.members) {
            if (wanted.members[id] !== wanted.self && nameOfSet(wanted.members[id])) { quit(1); }
        }
        var own = Object.keys(wanted.members).filter(function (id) { return wanted.members[id] === wanted.self; });
        printjson(rs.initiate({_id: wanted.set, members: [{_id: Number(own[0]), host: wanted.self}]}));
        quit(1); // run again, as the primary
    }

    // Corrects the first difference between the set and members.json; returns false if there is none.
    function mend(config) {
        for (var at = 0; at < config.members.length; at++) {
            var host = wanted.members[config.members[at]._id];
            if (!host) { config.members.splice(at, 1); return true; }
            if (host !== config.members[at].host) { config.members[at].host = host; return true; }
        }
        for (var id in wanted.members) {
            if (!config.members.some(function (member) { return member._id === Number(id); })) {
                config.members.push({_id: Number(id), host: wanted.members[id]});
                return true;
            }
        }
        return false;
    }

    var admin = login(db.getMongo());
    if (admin.runCommand({replSetGetStatus: 1}).code === NOT_YET_INITIALIZED) { begin(); }
    var config = admin.runCommand({replSetGetConfig: 1}).config;
    if (!mend(config)) { quit(0); }
    if (!admin.runCommand({isMaster: 1}).ismaster) { quit(1); } // the primary makes the change: check again later
    config.version += 1;
    printjson(admin.runCommand({replSetReconfig: config}));
    quit(1); // run again for the next difference
})();
