module Tidewater.Harbour.Berth exposing (Berth, fits)


type alias Berth =
    { length : Int
    , depth : Int
    }


{-| Whether a ship of this length and draught, in metres, can lie at a berth.
-}
fits : Int -> Int -> Berth -> Bool
fits length draught berth =
    length <= berth.length && draught < berth.depth
