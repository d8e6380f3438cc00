proc welcome {client address port} {
    catch {
        fconfigure $client -translation binary
        puts -nonewline $client "welcome to the server!"
    }
    catch {close $client}
}
socket -server welcome -myaddr 127.0.0.1 [lindex $argv 0]
vwait forever
