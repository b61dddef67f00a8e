/**
 * SQL that creates a database like the company's own PostgreSQL: six tables with the same proportions, and everything that makes a move
 * hard (Spanish text, NULLs, big numerics, timestamps without zone, sequences of three kinds, views, a function, a trigger, an extension,
 * a partitioned table, a large object). The same size gives the same rows. `size` 1: 200 vehicles, 400 drivers, 50 routes, 100,000 trips,
 * 400,000 deliveries, 5,000 maintenance records.
 */
export function companySql(size: number): string {
  const of = (count: number) => Math.max(5, Math.round(count * size));
  const [vehicles, drivers, routes] = [of(200), of(400), of(50)];
  const [trips, deliveries, maintenance] = [of(100_000), of(400_000), of(5_000)];
  return `
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TYPE estado AS ENUM ('pendiente', 'en camino', 'entregado', 'fallido');
CREATE SEQUENCE tracking_seq START 1000;
CREATE TABLE vehicles (vehicle_id serial PRIMARY KEY, license_plate varchar(20) UNIQUE NOT NULL, vehicle_type varchar(50) NOT NULL,
  capacity_kg numeric(10, 2), fuel_type varchar(20), acquisition_date date, status varchar(20) DEFAULT 'active', "Último GPS" point);
CREATE TABLE drivers (driver_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, employee_code varchar(20) UNIQUE NOT NULL, first_name text NOT NULL,
  last_name text NOT NULL, license_number varchar(50) UNIQUE, phone varchar(20), hire_date date, extra jsonb);
CREATE TABLE routes (route_id serial PRIMARY KEY, route_code varchar(20) UNIQUE NOT NULL, origin_city text, destination_city text,
  distance_km double precision, toll_cost numeric(30, 12));
CREATE TABLE trips (trip_id serial PRIMARY KEY, vehicle_id int REFERENCES vehicles, driver_id bigint REFERENCES drivers, route_id int REFERENCES routes,
  departure_datetime timestamp NOT NULL, arrival_datetime timestamp, fuel_consumed_liters numeric(10, 2), total_weight_kg real, status text);
CREATE TABLE deliveries (delivery_id serial PRIMARY KEY, trip_id int REFERENCES trips ON DELETE CASCADE,
  tracking_number text UNIQUE NOT NULL DEFAULT 'FLX-' || nextval('tracking_seq'), customer_name text NOT NULL, delivery_address text, package_weight_kg numeric(10, 2),
  scheduled_datetime timestamp, delivered_datetime timestamptz, delivery_status estado DEFAULT 'pendiente', recipient_signature boolean, firma bytea);
CREATE TABLE maintenance (maintenance_id serial, vehicle_id int REFERENCES vehicles, maintenance_date date NOT NULL, maintenance_type text, description text,
  cost numeric, PRIMARY KEY (maintenance_id, maintenance_date)) PARTITION BY RANGE (maintenance_date);
CREATE TABLE maintenance_2024 PARTITION OF maintenance FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE maintenance_later PARTITION OF maintenance DEFAULT;

INSERT INTO vehicles (license_plate, vehicle_type, capacity_kg, fuel_type, acquisition_date, "Último GPS")
  SELECT 'ABC-' || i, (ARRAY['Camión', 'Furgón', 'Moto', 'Tractomula'])[1 + i % 4], 500 + i * 1.25, CASE WHEN i % 3 > 0 THEN 'diésel' END, date '2019-01-01' + i,
    CASE WHEN i % 5 > 0 THEN point(-74.08 + i / 1000.0, 4.6) END FROM generate_series(1, ${vehicles}) i;
INSERT INTO drivers (employee_code, first_name, last_name, license_number, phone, hire_date, extra)
  SELECT 'E' || i, (ARRAY['José', 'María', 'Ángel', 'Begoña', 'Íñigo'])[1 + i % 5], (ARRAY['Núñez', 'Muñoz', 'Pérez', 'Güiza'])[1 + i % 4], 'L' || i,
    CASE WHEN i % 4 > 0 THEN '+57 300 ' || i END, date '2020-01-01' + i, CASE WHEN i % 7 = 0 THEN jsonb_build_object('nota', 'año ' || i) END FROM generate_series(1, ${drivers}) i;
INSERT INTO routes (route_code, origin_city, destination_city, distance_km, toll_cost)
  SELECT 'R' || i, (ARRAY['Bogotá', 'Medellín', 'Cúcuta'])[1 + i % 3], (ARRAY['Cali', 'Ibagué', 'Popayán'])[1 + i % 3], 100 * ln(i + 1), 123456789012345678.123456789012 / i
  FROM generate_series(1, ${routes}) i;
INSERT INTO trips (vehicle_id, driver_id, route_id, departure_datetime, arrival_datetime, fuel_consumed_liters, total_weight_kg, status)
  SELECT 1 + i % ${vehicles}, 1 + i % ${drivers}, 1 + i % ${routes}, timestamp '2024-01-01 05:00' + i * interval '7 min', CASE WHEN i % 20 > 0 THEN timestamp '2024-01-01 09:30:00.123456' + i * interval '7 min' END,
    (i % 977) / 10.0, (i % 1013) / 3.0, (ARRAY['completado', 'en curso', 'cancelado'])[1 + i % 3] FROM generate_series(1, ${trips}) i;
INSERT INTO deliveries (trip_id, customer_name, delivery_address, package_weight_kg, scheduled_datetime, delivered_datetime, delivery_status, recipient_signature, firma)
  SELECT 1 + i % ${trips}, 'Señora Ñáñez ' || i, 'Carrera ' || i % 150 || E' # 45-12\\nApto «' || i % 900 || '»', (i % 511) / 7.0, timestamp '2024-01-01' + i * interval '2 min',
    CASE WHEN i % 9 > 0 THEN timestamptz '2024-01-01 00:00-05' + i * interval '2 min' END, (enum_range(NULL::estado))[1 + i % 4], CASE WHEN i % 3 > 0 THEN i % 2 = 0 END,
    CASE WHEN i % 50 = 0 THEN decode(md5(i::text), 'hex') END FROM generate_series(1, ${deliveries}) i;
INSERT INTO maintenance (vehicle_id, maintenance_date, maintenance_type, description, cost)
  SELECT 1 + i % ${vehicles}, date '2024-01-01' + i % 900, (ARRAY['Aceite', 'Frenos', 'Llantas'])[1 + i % 3], CASE WHEN i % 2 = 0 THEN 'Revisión n.º ' || i END, 99999999999.99 * i
  FROM generate_series(1, ${maintenance}) i;

CREATE INDEX ON trips (departure_datetime);
CREATE INDEX ON deliveries (trip_id);
CREATE INDEX ON deliveries (delivery_status) WHERE delivery_status <> 'entregado';
CREATE INDEX ON drivers USING gin (last_name gin_trgm_ops);
CREATE VIEW entregas_por_estado AS SELECT delivery_status, count(*) AS n FROM deliveries GROUP BY 1;
CREATE FUNCTION litros_por_km(int) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT fuel_consumed_liters / nullif(distance_km::numeric, 0) FROM trips JOIN routes USING (route_id) WHERE trip_id = $1';
CREATE FUNCTION limpia() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.customer_name := trim(NEW.customer_name); RETURN NEW; END $$;
CREATE TRIGGER limpia BEFORE INSERT OR UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION limpia();
SELECT lo_from_bytea(0, decode('c0ffee', 'hex'));
`;
}
