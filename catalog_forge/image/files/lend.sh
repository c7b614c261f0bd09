# An existing volume never gets the files of a newer image, so they are copied at each start.
lend() {
    mkdir -p "$share/bin"
    cp /etc/confd/run.sh "$share/run.sh.new"
    mv "$share/run.sh.new" "$share/run.sh"
[% for tool in tools %]
    if ! cmp -s [[ bin ]][[ tool.name ]] "$share/bin/[[ tool.name ]]"; then
        cp [[ bin ]][[ tool.name ]] "$share/bin/[[ tool.name ]].new"
        mv "$share/bin/[[ tool.name ]].new" "$share/bin/[[ tool.name ]]"
    fi
[% endfor %]
    [ -x /bin/busybox ] || return 0
    cp /bin/busybox "$share/busybox.new"
    mv "$share/busybox.new" "$share/busybox"
[% if applets %]
    for tool in [[ applets | join(' ') ]]; do
        ln -sf ../busybox "$share/bin/$tool"
    done
[% endif %]
}
