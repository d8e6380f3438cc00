use strict;
use IO::Socket::INET;

my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die "cannot connect: $!\n";
my $text = "";
while (sysread($s, my $piece, 8)) { $text .= $piece; }
$text =~ s/[\x00-\x1f\x7f]/?/g;
print "$text\n";
