-- Roles, extensions and databases of one PostgreSQL cluster, made by its superuser:
--   psql -U postgres -d postgres -f bin/roles.sql
-- It may run again at any time. With KINDER_DATABASE_PASSWORD in the environment the roles get that
-- password; without it they have none (sockets that only their owner can reach).

\set ON_ERROR_STOP on
\getenv password KINDER_DATABASE_PASSWORD

-- Owns every table, is no superuser, and so is held by row-level security.
SELECT 'CREATE ROLE kinder LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kinder') \gexec
ALTER ROLE kinder NOSUPERUSER NOBYPASSRLS CREATEDB NOCREATEROLE;
-- Reads published tables only; migrations grant them.
SELECT 'CREATE ROLE kinder_reports LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kinder_reports') \gexec
ALTER ROLE kinder_reports NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
-- Reads everything, for pg_dump only.
SELECT 'CREATE ROLE kinder_backup LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kinder_backup') \gexec
ALTER ROLE kinder_backup NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT pg_read_all_data TO kinder_backup;
-- So that a transaction of kinder can become kinder_reports and see what it would see.
GRANT kinder_reports TO kinder;

\if :{?password}
  ALTER ROLE kinder PASSWORD :'password';
  ALTER ROLE kinder_reports PASSWORD :'password';
  ALTER ROLE kinder_backup PASSWORD :'password';
\endif

SELECT 'CREATE DATABASE template_kinder TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8'''
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'template_kinder') \gexec
\connect template_kinder
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS unaccent;
ALTER DATABASE template_kinder IS_TEMPLATE true;
\connect postgres
SELECT 'CREATE DATABASE kinder OWNER kinder TEMPLATE template_kinder ENCODING ''UTF8'' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8'''
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'kinder') \gexec
