# SPDX-License-Identifier: Apache-2.0
# What `distro guests` has a Debian root run: programs that change owners and users.
exec 2>&1
cd /srv || exit
echo "== useradd, groupadd, passwd"
groupadd -g 4321 crew
useradd -m -u 1234 -G crew -s /bin/sh tester
echo 'tester:secret' | chpasswd
grep tester /etc/passwd /etc/group
stat -c '%n %U:%G %a' /home/tester /home/tester/.profile /etc/shadow /etc/gshadow
usermod -aG audio tester
id tester
echo "== su"
su - tester -c 'id; umask; touch f; mkdir d; ln -s f l; mkfifo p; stat -c "%n %u:%g %A" f d l p'
su - tester -c 'chown root f; chmod 600 /etc/passwd; ln /etc/passwd x; rm -f /etc/hostname; touch /etc/new; mv /etc/motd /tmp/m'
su - tester -c 'chgrp crew f && chmod 2775 d && stat -c "%n %u:%g %A" f d; chgrp audio f; chgrp root f'
su tester -s /bin/sh -c 'id -u; cat /proc/self/status | grep -c Uid'
runuser -u tester -- id
echo "== install, cp, tar, mv"
install -o 33 -g 44 -m 4755 /bin/true i
install -d -o tester -g crew -m 2775 team
mkdir src
mknod src/c c 1 3
mknod src/b b 7 0
mkfifo src/p
echo text >src/f
ln src/f src/hard
ln -s f src/l
chown -h 5:6 src/l
chown 7:8 src/f src/c
chmod 6755 src/f
chmod 1777 src
cp -a src copy
tar -cf a.tar -C src .
mkdir x && tar -xpf a.tar -C x
mv copy moved
find . -printf '%p %u:%g %M %n\n' | sort
stat -c '%n %t:%T %F' src/c moved/b x/c x/b
tar -tvf a.tar | awk '{ print $1, $2, $NF }' | sort
find . -user 7 | sort
find . -perm -4000 | sort
cp /bin/true caps && ls -l caps | cut -c1-10
su - tester -c 'cd /srv/team && touch t && mkdir td && stat -c "%n %U:%G %A" t td'
echo "== chroot, setpriv, start-stop-daemon"
chroot --userspec=33:33 / id
chroot --userspec=tester --groups=crew,audio / id
setpriv --reuid=33 --regid=33 --clear-groups id
setpriv --reuid=1234 --regid=1234 --init-groups sh -c 'id; touch /srv/no'
setpriv --reuid=1234 --clear-groups --inh-caps=-all --bounding-set=-all true; echo "$?"
start-stop-daemon --start --chuid www-data:www-data --exec /usr/bin/id
perl -e '$( = $) = "33 33 44"; $< = $> = 33; print "$< $> $( $)\n"; print -w "/etc" ? "w" : "-", "\n"; $> = 0; print "$>\n"; system "id"'
perl -e '$> = 33; open(F, ">", "/tmp/perl") or print "$!\n"; $> = 0; print join(":", (stat "/tmp/perl")[4, 5]), "\n"'
echo "== a setuid program"
cp /usr/bin/id myid && chown 33:44 myid && chmod 6755 myid
./myid
su - tester -c /srv/myid
chmod 755 myid
su - tester -c /srv/myid
echo "== truncation, sparse, times"
truncate -s 10 i && stat -c '%A' i
touch -d '2001-01-01' i && stat -c '%y' i
dpkg-statoverride --force-all --update --add tester crew 0750 /srv/team && stat -c '%U:%G %a' /srv/team
userdel -r tester
[ ! -e /home/tester ]
