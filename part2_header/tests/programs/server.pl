use strict;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

$SIG{PIPE} = "IGNORE";
sub message { my $body = shift; return sprintf("%-10d%s", length($body), $body); }
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1)
    or die "cannot listen: $!\n";
while (my $client = $s->accept()) {
    syswrite($client, message("Welcome to the server!"));
    while (1) {
        sleep(0.5);
        defined(syswrite($client, message("The time is " . time()))) or last;
    }
}
