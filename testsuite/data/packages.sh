# SPDX-License-Identifier: Apache-2.0
# What rpm makes of packages with owners, capabilities, devices and scripts that add users, and a
# database server that runs as its own user: run as root in a tree, the same output is expected from
# real root and from fake root.
cd /root
spec() { # VERSION
	cat >demo.spec <<-SPEC
		Name: demo
		Version: $1
		Release: 1
		Summary: demo
		License: none
		BuildArch: noarch
		%description
		demo
		%install
		mkdir -p %{buildroot}/opt/demo/shared %{buildroot}/opt/demo/bin
		echo $1 >%{buildroot}/opt/demo/file
		echo x >%{buildroot}/opt/demo/bin/ping
		ln -s file %{buildroot}/opt/demo/link
		%pre
		getent group demo >/dev/null || groupadd -r -g 777 demo
		getent passwd demo >/dev/null || useradd -r -u 778 -g demo demo
		%files
		%attr(0640,demo,demo) /opt/demo/file
		%attr(2775,root,demo) %dir /opt/demo/shared
		%attr(0755,root,root) %caps(cap_net_raw=ep) /opt/demo/bin/ping
		%attr(-,demo,demo) /opt/demo/link
		%dev(c,1,3) %attr(0666,root,root) /opt/demo/null
	SPEC
	rpmbuild --define "_topdir $PWD/rpm" -bb demo.spec >build.log 2>&1 || tail build.log
}
look() {
	stat -c '%n %A %u:%g %t:%T' /opt/demo/*
	getcap -r /opt/demo
	cat /opt/demo/file
}
spec 1
spec 2
rpm -i --nodeps rpm/RPMS/noarch/demo-1-1.noarch.rpm 2>/dev/null
echo "install: $?"
look
rpm -V --nodeps demo
echo "verify: $?"
rpm -U --nodeps rpm/RPMS/noarch/demo-2-1.noarch.rpm 2>/dev/null
echo "upgrade: $?"
look
rpm -V --nodeps demo
echo "verify: $?"
chown 5:6 /opt/demo/file
chmod 600 /opt/demo/shared
rpm -V --nodeps demo
echo "verify what was changed: $?"
rpm -e demo 2>/dev/null
echo "erase: $?"
ls /opt
rm -rf rpm demo.spec build.log

pg_ctlcluster 15 main start
echo "start: $?"
su - postgres -c "id; psql -Atc 'select current_user'; psql -Atc 'create table t (a int)'"
su - nobody -s /bin/sh -c "psql -U postgres -Atc 'select 1'" 2>&1 | grep -o 'Peer authentication failed'
pg_ctlcluster 15 main stop
echo "stop: $?"
find /var/lib/postgresql /var/log/postgresql /etc/postgresql -maxdepth 4 -printf '%M %u:%g %p\n' | sort
